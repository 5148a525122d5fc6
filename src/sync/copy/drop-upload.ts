import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { UploadJournal } from '../push/push-store.ts';
import type { CopyTarget } from './copy-target.ts';

/**
 * Lets go of an upload that was interrupted and is not needed any more, since the repository has the blob by now: its
 * session would stay open until the registry tires of it.
 */
export async function dropUpload(
  copy: { readonly target: CopyTarget; readonly repository: RepositoryName; readonly journal: UploadJournal },
  digest: Digest,
  signal: AbortSignal,
): Promise<void> {
  const { target, repository, journal } = copy;
  const entry = await journal.find(target.name, repository, digest);
  if (entry === undefined) return;
  await journal.remove(target.name, repository, digest);
  const session = { location: entry.location, minChunkBytes: 0, repository };
  // What is not taken back is dropped by the registry itself, later.
  await target.client.cancelUpload(session, { signal }).catch(() => {});
}
