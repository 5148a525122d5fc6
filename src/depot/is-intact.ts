import { open } from 'node:fs/promises';
import { type Digest, DigestHasher, digestAlgorithm } from '../oci/digest.ts';
import { diskFailure } from './disk-failure.ts';
import { readFileRange } from './read-file-range.ts';

/** Are all bytes of the file those of the digest? */
export async function isIntact(path: string, digest: Digest, signal: AbortSignal): Promise<boolean> {
  try {
    await using file = await open(path, 'r');
    const hasher = new DigestHasher(digestAlgorithm(digest));
    const { size } = await file.stat();
    for await (const piece of readFileRange(file, 0, size, signal)) hasher.update(piece);
    return hasher.finish() === digest;
  } catch (error) {
    throw error instanceof Error && 'syscall' in error ? diskFailure(`reading ${digest} in the depot`, error) : error;
  }
}
