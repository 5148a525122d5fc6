import { Failure, findWantOfFiles, isFailure } from '../kernel/failure.ts';

/** What the file system answered, as a Failure: a full disk is the operator's turn and passes, as does a want of file descriptors; all else is the folder's. */
export function diskFailure(attempt: string, error: unknown): Failure {
  if (isFailure(error)) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const answer = error instanceof Error ? error.message : String(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Failure(
      'disk_full',
      `${attempt}: the disk is full (${answer}); free space or enlarge it, pushes go on by themselves`,
      {
        side: 'here',
        cause: error,
      },
    );
  }
  return (
    findWantOfFiles(error, attempt) ??
    new Failure('data_unusable', `${attempt}: ${answer}`, { side: 'here', cause: error })
  );
}
