import type { Digest } from '../../oci/digest.ts';

/** Nothing moved on it, or far less than on others to the same place. */
export type ReplacedCause = 'stalled' | 'slow';

/** What a copy tells while it goes on. All are increments, in bytes, but `planned`. */
export type CopyProgress = {
  /**
   * What has to be at the target: distinct blobs and manifests, and their bytes. Told once it is known which blobs are
   * there, so that a plan which did not get so far leaves nothing half counted.
   */
  planned(total: { blobs: number; bytes: number }): void;
  /** A blob or manifest is at the target: it was there before, another copy brought it meanwhile, or this one did. */
  done(how: 'present' | 'shared' | 'mounted' | 'moved', bytes: number, digest: Digest): void;
  sent(bytes: number, again: number): void;
  /** An upload goes on that an earlier attempt had begun: the target has so many bytes of it. */
  resumed(bytes: number): void;
  restarted(): void;
  /** A connection was given up for another, which goes on where it was. */
  replaced(direction: 'upload' | 'download', cause: ReplacedCause): void;
  verifying(): void;
};
