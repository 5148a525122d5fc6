import { FAILURE_CODES, type FailureCode } from './failure-codes.ts';

/** Which party of a copy a failure speaks of: where bytes come from, where they go, or this service. */
export type Side = 'source' | 'target' | 'here';

export type FailureDetails = {
  /** Which side failed, when the failure belongs to a copy. */
  readonly side?: Side;
  /** What was being done, as a short noun phrase: `blob upload`, `manifest read`. */
  readonly step?: string;
  /** HTTP status that a remote answered, when one did. */
  readonly status?: number;
  /** How long the remote asked us to wait, milliseconds (`Retry-After`). */
  readonly retryAfterMs?: number;
  /** Mistakes in a document or request, each with its path. */
  readonly errors?: readonly { readonly path: string; readonly detail: string }[];
  /** Extra members for the problem document (for instance `push` on `not_placed`). */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
};

/**
 * The one error type. `message` says what was attempted and what was answered; `code` says whose turn it is and
 * whether a retry may help. Wrap an error only to add knowledge, always with its `cause`.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly details: FailureDetails;

  constructor(code: FailureCode, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  /** May the same request succeed later without anyone changing it? */
  get mayRetry(): boolean {
    return FAILURE_CODES[this.code].retry;
  }

  /** The same failure with more known about it; what is known already wins. */
  with(details: FailureDetails): Failure {
    return new Failure(this.code, this.message, { ...details, ...this.details, cause: this.details.cause ?? this });
  }
}

export function isFailure(error: unknown, ...codes: FailureCode[]): error is Failure {
  return error instanceof Failure && (codes.length === 0 || codes.includes(error.code));
}

/** Others end meanwhile, and give theirs back. */
const FILES_AGAIN_MS = 5_000;

/** What the system answers to whoever wants a file or a connection when there are no descriptors left; undefined for all else. */
export function findWantOfFiles(error: unknown, attempt: string): Failure | undefined {
  if (!(error instanceof Error) || !('code' in error) || (error.code !== 'EMFILE' && error.code !== 'ENFILE'))
    return undefined;
  const detail = `${attempt}: no file descriptor is left (${error.message}); raise the limit (ulimit -n), pushes go on by themselves`;
  return new Failure('not_ready', detail, { side: 'here', retryAfterMs: FILES_AGAIN_MS, cause: error });
}

/**
 * Any thrown value as a Failure; what is not one already is a defect of ours and becomes `internal`, but for a want of
 * file descriptors, which may strike anywhere.
 */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const wanting = findWantOfFiles(error, 'opening a file');
  if (wanting !== undefined) return wanting;
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('internal', message, { cause: error });
}
