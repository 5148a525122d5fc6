import { Failure } from '../../kernel/failure.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { FlowNotes } from './measure-flow.ts';
import type { ProbeClient } from './probe-client.ts';
import { RandomPayload } from './random-payload.ts';

export type PayloadPlan = {
  readonly repository: RepositoryName;
  readonly payloadBytes: number;
  readonly chunkBytes: number;
  /** Close the upload, so that the blob can be pulled; else the session is cancelled and nothing is left. */
  readonly keep: boolean;
};

/** Sends random bytes as a transfer would send a blob, chunk by chunk. What is now there; null where nothing is. */
export async function sendPayload(
  { client, ensureRepository }: ProbeClient,
  { repository, payloadBytes, chunkBytes, keep }: PayloadPlan,
  notes: FlowNotes,
  signal: AbortSignal,
): Promise<Digest | null> {
  await ensureRepository(repository, signal);
  const started = await client.startUpload(repository, { signal });
  if (started.kind !== 'session')
    throw new Failure('remote_unexpected', 'upload start: answered as if a blob had been mounted');
  let { session } = started;
  const payload = new RandomPayload();
  let blob: Digest | null = null;
  try {
    notes.bodyStarted();
    for (let offset = 0; offset < payloadBytes; ) {
      const sizeBytes = Math.min(Math.max(chunkBytes, session.minChunkBytes), payloadBytes - offset);
      const body = counted(payload.take(sizeBytes), (bytes) => {
        notes.movedBytes += bytes;
      });
      ({ session } = await client.sendChunk(session, { offset, sizeBytes, body }, { signal }));
      offset += sizeBytes;
    }
    notes.bodyEnded();
    if (!keep) return null;
    const digest = payload.digest();
    await client.finishUpload(session, digest, undefined, { signal });
    blob = digest;
    return blob;
  } finally {
    if (blob === null) await client.cancelUpload(session);
  }
}

async function* counted(source: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncIterable<Uint8Array> {
  for await (const piece of source) {
    yield piece;
    count(piece.byteLength);
  }
}
