import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { UploadJournal } from '../push/push-store.ts';
import type { CopyTarget } from './copy-target.ts';
import { type Pause, pauseBefore } from './pause-before.ts';
import { untilSettled } from './until-settled.ts';

/** A registry that is out of reach so often is not worth more waiting: the blob is there. */
const ATTEMPTS = 5;

export type DropUpload = {
  readonly target: CopyTarget;
  readonly repository: RepositoryName;
  readonly journal: UploadJournal;
  readonly pause: Pause;
};

/**
 * Lets go of an upload that was interrupted and is not needed any more, since the repository has the blob by now: its
 * session would stay open until the registry tires of it.
 */
export async function dropUpload(copy: DropUpload, digest: Digest, signal: AbortSignal): Promise<void> {
  const { target, repository, journal } = copy;
  const entry = await journal.find(target.name, repository, digest);
  if (entry === undefined) return;
  const session = { location: entry.location, minChunkBytes: 0, repository };
  for (let attempt = 1; !(await target.client.cancelUpload(session, { signal })); attempt += 1) {
    // The note stays: whoever next finds the blob here tries again.
    if (attempt === ATTEMPTS) return;
    await copy.pause(pauseBefore(attempt), signal);
  }
  // Last, so that a service that is killed in between knows of the session.
  await journal.remove(target.name, repository, digest);
}

/**
 * The same for one who is not sending the blob itself: whoever does may be going on with that very session, or be
 * sending it to another repository, and is waited for.
 */
export async function dropUploadInTurn(copy: DropUpload, digest: Digest, signal: AbortSignal): Promise<void> {
  const { target, repository, journal } = copy;
  for (;;) {
    if ((await journal.find(target.name, repository, digest)) === undefined) return;
    const leader = target.crossing.get(digest);
    if (leader === undefined) return dropUpload(copy, digest, signal);
    await untilSettled(leader, signal);
  }
}
