import type { Failure } from '../../kernel/failure.ts';

/** What the registry said about the upload session after an interruption. */
export type SessionAnswer =
  | { readonly kind: 'unknown' }
  /** It knows the session; `offset` undefined: it did not say how much it has. */
  | { readonly kind: 'known'; readonly offset: number | undefined };

export type ResumeDecision =
  | { readonly act: 'go-on'; readonly offset: number }
  /** The session is gone: a new one, from the first byte. */
  | { readonly act: 'start-over' };

/**
 * Where an interrupted upload goes on. `own` is our own count of acknowledged bytes; `isRefused`: the registry has just
 * refused to go on there (416).
 *
 * | the registry says            | go on at                                                              |
 * |------------------------------|-----------------------------------------------------------------------|
 * | nothing known (404)          | start over: docker-registry 2.8 drops a session whose chunk was cut    |
 * | an offset at or beyond ours  | its offset: it kept part of the cut chunk; the digest decides at last  |
 * | an offset behind ours        | ours: ECR's `Range` sticks at the first chunk although it has the rest |
 * | the same, ours being refused | its offset: it lost what it had acknowledged                           |
 * | no offset                    | ours                                                                   |
 * | none or ours, being refused  | start over: it does not take what it asks for                          |
 * | an offset beyond the blob    | start over: it cannot have what nobody gave it                        |
 *
 * Sources: distribution-spec 1.1 "Pushing a blob in chunks"; aws/containers-roadmap#2831.
 */
export function decideResume(
  own: { readonly acknowledgedBytes: number; readonly blobBytes: number; readonly isRefused?: boolean },
  answer: SessionAnswer,
): ResumeDecision {
  if (answer.kind === 'unknown') return { act: 'start-over' };
  const offset = answer.offset ?? own.acknowledgedBytes;
  if (own.isRefused && offset === own.acknowledgedBytes) return { act: 'start-over' };
  if (!own.isRefused && offset < own.acknowledgedBytes) return { act: 'go-on', offset: own.acknowledgedBytes };
  if (offset > own.blobBytes) return { act: 'start-over' };
  return { act: 'go-on', offset };
}

/**
 * The offset that a refusal of a chunk names, when it names one we have not just tried: a registry that answers 416
 * often says where it wants to go on (ECR in its text, others in `Range`). Undefined when it says nothing new.
 */
export function findNamedOffset(refusal: Failure, triedOffset: number): number | undefined {
  const offset = refusal.details.extensions?.offset;
  return typeof offset === 'number' && Number.isSafeInteger(offset) && offset >= 0 && offset !== triedOffset
    ? offset
    : undefined;
}
