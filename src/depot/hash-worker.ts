import { parentPort, workerData } from 'node:worker_threads';
import { type DigestAlgorithm, DigestHasher } from '../oci/digest.ts';
import type { HashAnswer, HashRequest } from './hash-request.ts';

// The thread behind `HashThread`: hashes what lies in the shared slots, stream by stream.
const slots = (workerData as { slots: readonly SharedArrayBuffer[] }).slots.map((slot) => new Uint8Array(slot));
const hashers = new Map<number, DigestHasher>();

parentPort?.on('message', (request: HashRequest) => {
  if (request.kind === 'drop') {
    hashers.delete(request.stream);
    return;
  }
  const hasher = hasherOf(request.stream, request.algorithm);
  if (request.kind === 'update') {
    hasher.update(slots[request.slot]?.subarray(0, request.bytes) ?? new Uint8Array());
    answer({ kind: 'free', slot: request.slot });
  } else if (request.kind === 'take') {
    hasher.update(request.piece);
    answer({ kind: 'taken', stream: request.stream });
  } else {
    hashers.delete(request.stream);
    answer({ kind: 'digest', stream: request.stream, digest: hasher.finish() });
  }
});

function hasherOf(stream: number, algorithm: DigestAlgorithm): DigestHasher {
  const known = hashers.get(stream);
  if (known !== undefined) return known;
  const hasher = new DigestHasher(algorithm);
  hashers.set(stream, hasher);
  return hasher;
}

function answer(message: HashAnswer): void {
  parentPort?.postMessage(message);
}
