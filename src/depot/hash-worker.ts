import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { BlockCoder } from '../oci/block-codes.ts';
import { type DigestAlgorithm, DigestHasher } from '../oci/digest.ts';
import type { HashAnswer, HashRequest, HashWorkerData } from './hash-request.ts';

/** What is read of a file at a time: it is still in the processor's cache when it is hashed. */
const READ_BYTES = 256 * 1024;

/** One stream: its hash so far, the codes of its blocks if they are wanted, and the file it is read from, if it is. */
type Stream = { readonly hasher: DigestHasher; readonly coder: BlockCoder | undefined; file?: number };

// The thread behind `HashThread`: hashes what lies in the shared slots, or where it is told, stream by stream.
const data = workerData as HashWorkerData;
const slots = data.slots.map((slot) => new Uint8Array(slot));
const streams = new Map<number, Stream>();
let buffer: Uint8Array | undefined;

parentPort?.on('message', (request: HashRequest) => {
  if (request.kind === 'drop') {
    forget(request.stream);
    return;
  }
  const stream = streamOf(request.stream, request.algorithm);
  switch (request.kind) {
    case 'update':
      update(stream, slots[request.slot]?.subarray(0, request.bytes) ?? new Uint8Array());
      return answer({ kind: 'free', slot: request.slot });
    case 'take':
      update(stream, request.piece);
      return answer({ kind: 'taken', stream: request.stream });
    case 'read':
      try {
        stream.file ??= openSync(request.path, 'r');
        hashRange(stream, stream.file, request);
        return answer({ kind: 'taken', stream: request.stream });
      } catch (error) {
        return answer({ kind: 'failed', stream: request.stream, error });
      }
    case 'finish':
      forget(request.stream);
      return answer({
        kind: 'digest',
        stream: request.stream,
        digest: stream.hasher.finish(),
        codes: stream.coder?.finish(),
      });
  }
});

function streamOf(id: number, algorithm: DigestAlgorithm): Stream {
  const known = streams.get(id);
  if (known !== undefined) return known;
  const stream: Stream = {
    hasher: new DigestHasher(algorithm),
    coder: data.isCoding ? new BlockCoder() : undefined,
  };
  streams.set(id, stream);
  return stream;
}

function forget(id: number): void {
  const file = streams.get(id)?.file;
  if (file !== undefined) closeSync(file);
  streams.delete(id);
}

function update({ hasher, coder }: Stream, piece: Uint8Array): void {
  hasher.update(piece);
  coder?.update(piece);
}

function hashRange(stream: Stream, file: number, { start, end }: { start: number; end: number }): void {
  buffer ??= new Uint8Array(READ_BYTES);
  for (let offset = start; offset < end; ) {
    const bytesRead = readSync(file, buffer, 0, Math.min(READ_BYTES, end - offset), offset);
    if (bytesRead === 0) throw new Error(`the file to hash ends at byte ${offset} of ${end}`);
    update(stream, buffer.subarray(0, bytesRead));
    offset += bytesRead;
  }
}

function answer(message: HashAnswer): void {
  parentPort?.postMessage(message);
}
