import { Failure, isFailure, toFailure } from '../kernel/failure.ts';
import { BLOCK_BYTES, type BlockCodes, checkedPieces } from '../oci/block-codes.ts';
import type { Digest } from '../oci/digest.ts';
import type { OpenHash } from '../oci/stream-hash.ts';
import { verifiedPieces } from '../oci/verified-pieces.ts';
import type { KnownCodes } from './known-codes.ts';
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

export type HolderReadHooks = {
  readonly openHash: OpenHash;
  readonly knownCodes: KnownCodes;
  readonly onFailed: HolderFailed;
};

/**
 * Bytes `[offset, end)` of a blob from the first holder that gives them; where it fails in the middle the next one goes
 * on at the same byte. Where the codes of its blocks are known, each block is checked before a byte of it is given, and who
 * gave a wrong one has failed like any other. Otherwise a whole blob is hashed and its last piece held back until all of it
 * has the right digest, so that nobody is given a wrong blob to its end, and a part is for the reader to verify.
 */
export async function* readFromHolders(
  holders: readonly PullHolder[],
  read: HolderRead,
  { openHash, knownCodes, onFailed }: HolderReadHooks,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { digest, sizeBytes, offset, end } = read;
  const isWhole = offset === 0 && end === sizeBytes;
  const codes = knownCodes.find(digest);
  if (codes !== undefined || !isWhole) {
    try {
      for await (const piece of piecesInTurn(holders, read, { codes, onFailed }, signal)) yield piece;
    } catch (error) {
      // Where all are wrong it may be the code: the next reading hashes again.
      if (isFailure(error, 'digest_mismatch')) knownCodes.forget(digest);
      throw error;
    }
    return;
  }
  const givers = new Set<PullHolder>();
  const onGiver = (holder: PullHolder) => givers.add(holder);
  const given = piecesInTurn(holders, read, { codes, onFailed, onGiver }, signal);
  yield* verifiedPieces(given, read, openHash, (actual) => {
    const names = [...givers].map(({ registry }) => registry).join(' and ');
    const failure = new Failure('digest_mismatch', `the bytes that ${names} gave as ${digest} are ${actual}`);
    for (const holder of givers) {
      holder.onWrongBytes?.(digest);
      onFailed(holder, failure);
    }
    return failure;
  });
}

type TurnHooks = Pick<HolderReadHooks, 'onFailed'> & {
  readonly codes: BlockCodes | undefined;
  /** Told before each piece whose it is. */
  readonly onGiver?: (holder: PullHolder) => void;
};

/** The pieces of `[offset, end)` in order. */
async function* piecesInTurn(
  holders: readonly PullHolder[],
  read: HolderRead,
  { codes, onFailed, onGiver }: TurnHooks,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { digest, offset, end } = read;
  let position = offset;
  let fruitless = 0;
  for (let turn = 0; position < end; turn += 1) {
    const holder = holders[turn % Math.max(1, holders.length)];
    if (holder === undefined) throw new Failure('content_missing', `no registry that holds ${digest} is known here`);
    try {
      const pieces =
        codes === undefined
          ? await openFrom(holder, digest, { position, end }, signal)
          : await openChecked(holder, read, position, codes, signal);
      for await (const piece of pieces) {
        onGiver?.(holder);
        position += piece.byteLength;
        fruitless = 0;
        yield piece;
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

/**
 * Bytes `[position, end)`, each block checked. Who is near, and who goes on where another failed, is asked for whole blocks,
 * so that nothing is left unchecked; of a part that crosses a link its ends are, and the reader verifies these.
 */
async function openChecked(
  holder: PullHolder,
  { digest, sizeBytes, offset, end }: HolderRead,
  position: number,
  codes: BlockCodes,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const isInBlocks = holder.isNear === true || position > offset;
  const start = isInBlocks ? Math.floor(position / BLOCK_BYTES) * BLOCK_BYTES : position;
  const until = isInBlocks ? Math.min(sizeBytes, Math.ceil(end / BLOCK_BYTES) * BLOCK_BYTES) : end;
  const pieces = await openFrom(holder, digest, { position: start, end: until }, signal);
  const checked = checkedPieces(pieces, { start, end: until, sizeBytes }, codes, (block) => {
    holder.onWrongBytes?.(digest);
    return new Failure(
      'digest_mismatch',
      `bytes ${block.start} to ${block.end} of ${digest} are not what they were; they came from ${holder.registry}`,
    );
  });
  return start === position && until === end ? checked : within(checked, start, { position, end });
}

/** Exactly the bytes `[position, end)`, whatever more the registry sends around them. */
async function openFrom(
  { client, repository, registry, isNear }: PullHolder,
  digest: Digest,
  { position, end }: { position: number; end: number },
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const opened = await client.openBlob(repository, digest, { offset: position, endInclusive: end - 1, signal });
  if (opened === undefined) throw new Failure('content_missing', `${registry} does not have ${digest}`);
  const isExact = isNear === true && opened.startsAt === position && opened.endsAt === end;
  return isExact ? opened.body : within(opened.body, opened.startsAt, { position, end });
}

/** Of pieces that begin at byte `startsAt` the bytes `[position, end)`. */
async function* within(
  pieces: AsyncIterable<Uint8Array>,
  startsAt: number,
  { position, end }: { position: number; end: number },
): AsyncGenerator<Uint8Array> {
  let at = startsAt;
  for await (const piece of pieces) {
    const from = Math.min(piece.byteLength, Math.max(0, position - at));
    const to = Math.min(piece.byteLength, Math.max(0, end - at));
    at += piece.byteLength;
    if (to > from) yield piece.subarray(from, to);
    if (at >= end) return;
  }
}
