import { Failure } from '../../../src/kernel/failure.ts';
import { type Digest, digestAlgorithm, digestOf } from '../../../src/oci/digest.ts';
import type { BlobDepot } from '../../../src/sync/copy/blob-depot.ts';
import { noAside } from '../copy/support/no-aside.ts';

export type MemoryDepot = BlobDepot & { readonly blobs: Map<Digest, Uint8Array>; isLanding(): boolean };

/** A depot in memory that keeps its promises and no more: whole verified blobs, `depot_full` at its limit. */
export function memoryDepot(options: { limitBytes?: number } = {}): MemoryDepot {
  const blobs = new Map<Digest, Uint8Array>();
  const limitBytes = options.limitBytes ?? Number.POSITIVE_INFINITY;
  let landings = 0;

  const collect = async (body: AsyncIterable<Uint8Array>, signal: AbortSignal) => {
    landings += 1;
    try {
      const pieces: Uint8Array[] = [];
      let size = 0;
      for await (const piece of body) {
        signal.throwIfAborted();
        size += piece.byteLength;
        if (size > limitBytes) throw new Failure('depot_full', 'the depot is full', { side: 'here' });
        pieces.push(Uint8Array.from(piece));
      }
      return Buffer.concat(pieces);
    } finally {
      landings -= 1;
    }
  };

  const depot: MemoryDepot = {
    blobs,
    isLanding: () => landings > 0,
    find(digest) {
      const bytes = blobs.get(digest);
      return bytes === undefined ? undefined : { sizeBytes: bytes.byteLength };
    },
    async land(descriptor, open, signal) {
      if (!blobs.has(descriptor.digest)) {
        const { body } = await open(0, signal, noAside);
        const bytes = await collect(body, signal);
        if (bytes.byteLength !== descriptor.size) throw new Failure('size_mismatch', 'wrong size');
        await depot.writeBytes(descriptor.digest, bytes);
      }
      const bytes = blobs.get(descriptor.digest) ?? new Uint8Array();
      if (bytes.byteLength !== descriptor.size) throw new Failure('size_mismatch', 'wrong size');
      return {
        digest: descriptor.digest,
        sizeBytes: bytes.byteLength,
        landed: Promise.resolve(),
        openReader: () => ({
          async *read({ offset, end }) {
            for (let at = offset; at < end; at += 10_000) yield bytes.subarray(at, Math.min(end, at + 10_000));
          },
          close() {},
        }),
      };
    },
    async readBytes(digest, limit) {
      const bytes = blobs.get(digest);
      return bytes === undefined || bytes.byteLength > limit ? undefined : bytes;
    },
    async writeBytes(digest, bytes) {
      if (digestOf(bytes, digestAlgorithm(digest)) !== digest) throw new Failure('digest_mismatch', 'wrong bytes');
      blobs.set(digest, Uint8Array.from(bytes));
    },
    async landStream(body, signal) {
      const bytes = await collect(body, signal);
      const digest = digestOf(bytes);
      blobs.set(digest, bytes);
      return { digest, sizeBytes: bytes.byteLength };
    },
  };
  return depot;
}
