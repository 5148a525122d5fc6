import { Failure } from '../../kernel/failure.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Sample } from '../sample.ts';
import { measureFlow, type SampleOrder, type Sampler } from './measure-flow.ts';
import { RandomPayload } from './random-payload.ts';

export type UploadPlan = {
  readonly repository: RepositoryName;
  readonly chunkBytes: number;
  /** Close the upload, so that the blob can be pulled; else the session is cancelled and nothing is left. */
  readonly keep: boolean;
};

/** Uploads one blob as a transfer does, chunk by chunk. `blob` is what is now there, if anything is. */
export async function takeUpload(
  sampler: Sampler,
  order: SampleOrder,
  { repository, chunkBytes, keep }: UploadPlan,
  signal: AbortSignal,
): Promise<{ readonly sample: Sample; readonly blob: Digest | null }> {
  let blob: Digest | null = null;
  const sample = await measureFlow(
    sampler,
    order,
    async ({ client, ensureRepository }, notes, stop) => {
      await ensureRepository(repository, stop);
      const started = await client.startUpload(repository, { signal: stop });
      if (started.kind !== 'session')
        throw new Failure('remote_unexpected', 'upload start: answered as if a blob had been mounted');
      let { session } = started;
      const payload = new RandomPayload();
      try {
        notes.bodyStarted();
        for (let offset = 0; offset < order.payloadBytes; ) {
          const sizeBytes = Math.min(Math.max(chunkBytes, session.minChunkBytes), order.payloadBytes - offset);
          const body = counted(payload.take(sizeBytes), (bytes) => {
            notes.movedBytes += bytes;
          });
          ({ session } = await client.sendChunk(session, { offset, sizeBytes, body }, { signal: stop }));
          offset += sizeBytes;
        }
        notes.bodyEnded();
        if (!keep) return;
        const digest = payload.digest();
        await client.finishUpload(session, digest, undefined, { signal: stop });
        blob = digest;
      } finally {
        if (blob === null) await client.cancelUpload(session);
      }
    },
    signal,
  );
  return { sample, blob };
}

async function* counted(source: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncIterable<Uint8Array> {
  for await (const piece of source) {
    yield piece;
    count(piece.byteLength);
  }
}
