/** What a copy tells while it goes on. All are increments, in bytes, but `planned`. */
export type CopyProgress = {
  /** What has to be at the target: distinct blobs and manifests, and their bytes. */
  planned(total: { blobs: number; bytes: number }): void;
  /** A blob or manifest is at the target. */
  done(how: 'present' | 'mounted' | 'moved', bytes: number): void;
  sent(bytes: number, again: number): void;
  restarted(): void;
  verifying(): void;
};
