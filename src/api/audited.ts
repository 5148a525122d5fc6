import type { Subject } from '../access/allowance.ts';
import type { AuditAction } from '../access/audit-actions.ts';
import type { AuditOutcome } from '../access/audit-entry.ts';
import type { Principal } from '../access/principal.ts';
import { isFailure } from '../kernel/failure.ts';
import { findApproach } from './caller.ts';
import type { ApiContext } from './request-context.ts';

/** What an entry of the audit log says of a call, filled in as it becomes known. */
export type AuditNote = {
  /** False where nobody keeps what is noted. */
  readonly isKept: boolean;
  subject: Subject;
  input: Readonly<Record<string, unknown>>;
};

/** The request was not understood, or came too fast: nobody tried to do anything yet. */
const NOTHING_TRIED = ['validation_failed', 'unauthenticated', 'rate_limited', 'body_too_large'] as const;
const MAX_DETAIL_LENGTH = 4_000;

/** Does what a caller asked for, and has the audit log know how that ended before the answer is given. */
export async function audited(
  c: ApiContext,
  action: AuditAction | 'none' | undefined,
  caller: Principal,
  work: (note: AuditNote) => Promise<Response>,
): Promise<Response> {
  const trail = c.get('audit');
  if (trail === undefined || action === undefined || action === 'none')
    return work({ isKept: false, subject: {}, input: {} });
  const note: AuditNote = { isKept: true, subject: {}, input: {} };
  const record = async (outcome: AuditOutcome, code: string | null, result: string | null) => {
    const { name, role, via } = caller;
    await trail.record({
      action,
      outcome,
      code,
      who: name,
      role,
      via,
      address: c.get('gatekeeper').addressOf(findApproach(c)),
      about: c.get('about') ?? aboutOf(note),
      detail: detailOf(note, result),
      requestId: c.get('requestId'),
    });
  };
  let answer: Response;
  try {
    answer = await work(note);
  } catch (error) {
    const code = isFailure(error) ? error.code : 'internal';
    if (!isFailure(error, ...NOTHING_TRIED))
      await record(code === 'forbidden' ? 'refused' : 'failed', code, null).catch(() => {});
    throw error;
  }
  await record('done', null, answer.headers.get('location'));
  return answer;
}

function aboutOf({ subject, input }: AuditNote): string | null {
  const { images, cluster, site } = subject;
  const { name, pattern, id } = input;
  if (images !== undefined && images.length > 0) return images.join(', ');
  return cluster ?? site ?? [name, pattern, id].find((value) => typeof value === 'string') ?? null;
}

/** What was asked for, without the reports that a choice may carry as its evidence. */
function detailOf({ input }: AuditNote, result: string | null): Record<string, unknown> | null {
  const { evidence: _evidence, ...rest } = input;
  const detail = { ...rest, ...(result === null ? {} : { result }) };
  const text = JSON.stringify(detail);
  if (text === '{}') return null;
  return text.length > MAX_DETAIL_LENGTH ? { shortened: text.slice(0, MAX_DETAIL_LENGTH) } : detail;
}
