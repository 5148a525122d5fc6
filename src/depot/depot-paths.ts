import { join } from 'node:path';
import { type Digest, digestAlgorithm, digestHex, isDigest } from '../oci/digest.ts';

/**
 * Where things are in a depot's folder. `blobs/` holds only whole, verified, durable blobs, spread over 256 folders;
 * `landing/` blobs on their way in, named by what they are to become.
 */
export type DepotPaths = {
  readonly blobs: string;
  readonly landing: string;
  blob(digest: Digest): string;
  part(digest: Digest): string;
  /** Beside a part that does not hold all bytes up to its size: which it holds. */
  note(digest: Digest): string;
};

export function depotPaths(folder: string): DepotPaths {
  const blobs = join(folder, 'blobs');
  const landing = join(folder, 'landing');
  return {
    blobs,
    landing,
    blob: (digest) => join(blobs, digestAlgorithm(digest), digestHex(digest).slice(0, 2), digestHex(digest)),
    part: (digest) => join(landing, `${digestAlgorithm(digest)}-${digestHex(digest)}.part`),
    note: (digest) => join(landing, `${digestAlgorithm(digest)}-${digestHex(digest)}.held`),
  };
}

/** `sha256-<hex>.part`, or the note beside it → the digest it is to become; undefined for any other file name. */
export function findPartDigest(fileName: string): Digest | undefined {
  const digest = /^(.+)\.(?:part|held)$/.exec(fileName)?.[1]?.replace('-', ':') ?? '';
  return isDigest(digest) ? digest : undefined;
}
