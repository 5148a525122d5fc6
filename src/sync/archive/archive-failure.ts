import { Failure, isFailure } from '../../kernel/failure.ts';

/** The archive is at fault: `archive_invalid` with what is wrong and, where known, in which entry. */
export function archiveInvalid(message: string, cause?: unknown): Failure {
  return new Failure('archive_invalid', message, {
    side: 'source',
    step: 'archive read',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What a document's parser says of bytes from an archive, as the archive's fault; other failures as they are. */
export function asArchiveFailure(what: string, error: unknown): unknown {
  const isDocumentFault = isFailure(error, 'manifest_invalid', 'manifest_too_large', 'validation_failed');
  return isDocumentFault ? archiveInvalid(`${what}: ${error.message}`, error) : error;
}

/** Up to ten names for a message, the rest as a number. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => (name.length > 200 ? `${name.slice(0, 200)}…` : name));
  const rest = names.length - shown.length;
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
