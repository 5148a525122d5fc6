import { Failure } from '../../kernel/failure.ts';
import { type Digest, DigestHasher } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Sample } from '../sample.ts';
import { measureFlow, type SampleOrder, type Sampler } from './measure-flow.ts';

/** Downloads a blob that nobody has pulled yet, as a cluster would, and checks every byte. */
export function takeDownload(
  sampler: Sampler,
  order: SampleOrder,
  { repository, digest }: { readonly repository: RepositoryName; readonly digest: Digest },
  signal: AbortSignal,
): Promise<Sample> {
  return measureFlow(
    sampler,
    order,
    async ({ client }, notes, stop) => {
      const blob = await client.openBlob(repository, digest, { signal: stop });
      if (blob === undefined)
        throw new Failure('remote_not_found', 'blob read: the registry does not have the payload');
      notes.bodyStarted();
      const hasher = new DigestHasher('sha256');
      for await (const piece of blob.body) {
        hasher.update(piece);
        notes.movedBytes += piece.byteLength;
      }
      notes.bodyEnded();
      if (hasher.finish() !== digest)
        throw new Failure('digest_mismatch', `blob read: what came is not ${digest}`, { step: 'blob read' });
    },
    signal,
  );
}
