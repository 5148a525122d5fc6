import { type Digest, isDigest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { PullClient, PullHolder } from '../../pull/pull-holder.ts';
import { DepotContents, type DepotContentsParts } from './depot-contents.ts';

/**
 * The depot as one that a cluster pulls from: the last one for what is looked up, the first one for the bytes of what it
 * has, since they are the same and cross nothing.
 */
export function openDepotHolder(parts: DepotContentsParts): (image: RepositoryName) => PullHolder {
  const { depot, doorOrigin } = parts;
  const contents = new DepotContents(parts);
  const client: PullClient = {
    headBlob: (name, digest) => contents.find(name, digest),
    async getManifest(name, reference) {
      if (isDigest(reference) && (await contents.find(name, reference)) !== undefined)
        return contents.readManifest(reference);
      return doorOrigin(name).getManifest(reference, new AbortController().signal);
    },
    async openBlob(name, digest, { offset = 0, endInclusive } = {}) {
      const found = await contents.find(name, digest);
      if (found === undefined) return undefined;
      const end = Math.min(found.sizeBytes, (endInclusive ?? Number.POSITIVE_INFINITY) + 1);
      const body = await depot.openRange(digest, { offset, end, isHashedByReader: true });
      if (body === undefined) return undefined;
      return { startsAt: offset, endsAt: end, sizeBytes: found.sizeBytes, isLongPath: false, body };
    },
    async findBlobOffer(name, digest) {
      return (await contents.find(name, digest)) === undefined ? undefined : { url: null };
    },
    async listReferrers(name, digest) {
      return { referrers: await doorOrigin(name).listReferrers(digest, new AbortController().signal), by: 'api' };
    },
  };
  /** Reading it to its end finds out which side was wrong: the depot drops what is not what it says. */
  async function checkWhole(digest: Digest): Promise<void> {
    const found = depot.find(digest);
    const body = found && (await depot.openRange(digest, { offset: 0, end: found.sizeBytes }));
    for await (const _ of body ?? []);
  }
  const onWrongBytes = (digest: Digest) => void checkWhole(digest).catch(() => {});
  return (image) => ({ registry: 'depot', repository: image, client, isNear: true, onWrongBytes });
}
