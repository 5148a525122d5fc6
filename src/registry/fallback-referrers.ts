import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import { referrersTag } from '../oci/referrers-tag.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { getManifest, putManifest } from './manifests.ts';
import type { RequestOptions } from './registry-client.ts';
import type { Sender } from './sender.ts';

export type AddFallbackReferrer = (
  repository: RepositoryName,
  subject: Digest,
  referrer: Descriptor,
  options?: RequestOptions,
) => Promise<void>;

/**
 * Keeps a subject's referrers in the index under its fallback tag: reads it, adds what is missing, writes it. Two
 * additions of this process never undo each other; what other clients write at the same moment may be lost, as the
 * specification says.
 * Source: distribution-spec 1.1, "Pushing Manifests with Subject", "Referrers Tag Schema".
 */
export function openFallbackReferrers(sender: Sender): AddFallbackReferrer {
  const queues = new Map<string, Promise<void>>();
  return async (repository, subject, referrer, options) => {
    const key = `${repository}@${subject}`;
    const before = queues.get(key) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(() => addReferrer(sender, repository, subject, referrer, options));
    queues.set(key, mine);
    try {
      await mine;
    } finally {
      if (queues.get(key) === mine) queues.delete(key);
    }
  };
}

async function addReferrer(
  sender: Sender,
  repository: RepositoryName,
  subject: Digest,
  referrer: Descriptor,
  options: RequestOptions = {},
): Promise<void> {
  const tag = referrersTag(subject);
  const index = await getManifest(sender, repository, tag, options);
  // A tag of that form that is no index belongs to somebody else's scheme; it is replaced only by what it should be.
  const known = index?.kind === 'index' ? index.manifests : [];
  if (known.some((descriptor) => descriptor.digest === referrer.digest)) return;
  const kept = index?.kind === 'index' ? readEntries(index.bytes) : [];
  const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...kept, referrer] };
  const bytes = Buffer.from(JSON.stringify(document));
  await putManifest(sender, repository, tag, { bytes, mediaType: OCI_INDEX, digest: digestOf(bytes) }, options);
}

/** The entries as they are written, with fields that we do not know. */
function readEntries(bytes: Uint8Array): unknown[] {
  const { manifests } = JSON.parse(new TextDecoder().decode(bytes)) as { manifests: unknown[] };
  return manifests;
}
