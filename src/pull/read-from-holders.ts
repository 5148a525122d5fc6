import { Failure, toFailure } from '../kernel/failure.ts';
import type { Digest } from '../oci/digest.ts';
import type { OpenHash } from '../oci/stream-hash.ts';
import { verifiedPieces } from '../oci/verified-pieces.ts';
import type { HolderFailed, PullHolder } from './pull-holder.ts';

/** How often all holders may fail in a row without one byte before the reading fails. */
const MAX_FRUITLESS_ROUNDS = 2;

export type HolderRead = {
  readonly digest: Digest;
  /** Size of the whole blob. */
  readonly sizeBytes: number;
  readonly offset: number;
  readonly end: number;
};

/**
 * Bytes `[offset, end)` of a blob from the first holder that gives them; where it fails in the middle the next one goes
 * on at the same byte. Of a whole blob the last piece is held back until all of it has the right digest, so that nobody
 * is given a wrong blob to its end; a part is for the reader to verify.
 */
export async function* readFromHolders(
  holders: readonly PullHolder[],
  read: HolderRead,
  { openHash, onFailed }: { readonly openHash: OpenHash; readonly onFailed: HolderFailed },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { digest, sizeBytes, offset, end } = read;
  const isWhole = offset === 0 && end === sizeBytes;
  if (!isWhole) {
    for await (const { piece } of piecesInTurn(holders, read, onFailed, signal)) yield piece;
    return;
  }
  const givers = new Set<PullHolder>();
  async function* given(): AsyncGenerator<Uint8Array> {
    for await (const { holder, piece } of piecesInTurn(holders, read, onFailed, signal)) {
      givers.add(holder);
      yield piece;
    }
  }
  yield* verifiedPieces(given(), read, openHash, (actual) => {
    for (const holder of givers) holder.onWrongBytes?.(digest);
    return new Failure('digest_mismatch', `the bytes read as ${digest} are ${actual}`);
  });
}

/** The pieces of `[offset, end)` in order, each with who gave it. */
async function* piecesInTurn(
  holders: readonly PullHolder[],
  { digest, offset, end }: HolderRead,
  onFailed: HolderFailed,
  signal: AbortSignal,
): AsyncGenerator<{ readonly holder: PullHolder; readonly piece: Uint8Array }> {
  let position = offset;
  let fruitless = 0;
  for (let turn = 0; position < end; turn += 1) {
    const holder = holders[turn % Math.max(1, holders.length)];
    if (holder === undefined) throw new Failure('content_missing', `no registry that holds ${digest} is known here`);
    try {
      for await (const piece of readFrom(holder, digest, { position, end }, signal)) {
        position += piece.byteLength;
        fruitless = 0;
        yield { holder, piece };
      }
      if (position < end)
        throw new Failure('connection_lost', `${holder.registry} ended ${digest} at byte ${position} of ${end}`);
    } catch (error) {
      signal.throwIfAborted();
      onFailed(holder, error);
      fruitless += 1;
      if (fruitless >= holders.length * MAX_FRUITLESS_ROUNDS) throw toFailure(error);
    }
  }
}

/** Exactly the bytes `[position, end)`, whatever more the registry sends around them. */
async function* readFrom(
  { client, repository, registry }: PullHolder,
  digest: Digest,
  { position, end }: { position: number; end: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const opened = await client.openBlob(repository, digest, { offset: position, endInclusive: end - 1, signal });
  if (opened === undefined) throw new Failure('content_missing', `${registry} does not have ${digest}`);
  let at = opened.startsAt;
  for await (const piece of opened.body) {
    const from = Math.min(piece.byteLength, Math.max(0, position - at));
    const to = Math.min(piece.byteLength, Math.max(0, end - at));
    at += piece.byteLength;
    if (to > from) yield piece.subarray(from, to);
    if (at >= end) return;
  }
}
