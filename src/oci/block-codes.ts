import { createCipheriv, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';

/** What of a blob is checked at a time. */
export const BLOCK_BYTES = 512 * 1024;

const CODE_BYTES = 16;
const ALGORITHM = 'aes-128-gcm';

/**
 * One authentication code for each block of a blob, made while all of it was hashed: with them each block can be checked by
 * itself, and for a twelfth of what SHA-256 costs. They are GMAC (NIST SP 800-38D, sections 3 and 6.4) under a key that was
 * drawn for these bytes; the block's number is the initialization vector.
 */
export type BlockCodes = {
  readonly key: Uint8Array;
  /** 16 bytes for each block, in order. */
  readonly codes: Uint8Array;
};

/** Makes the codes of a blob's blocks while its bytes pass from the first to the last. */
export class BlockCoder {
  readonly #key = randomBytes(16);
  /** One piece of memory that doubles: an object for each code of a large blob would fill the heap. */
  #codes = Buffer.alloc(64 * CODE_BYTES);
  #blocks = 0;
  readonly #walk = new BlockWalk(this.#key, { start: 0, end: Number.POSITIVE_INFINITY }, (block, code) => {
    if ((block + 1) * CODE_BYTES > this.#codes.byteLength)
      this.#codes = Buffer.concat([this.#codes], this.#codes.byteLength * 2);
    code.copy(this.#codes, block * CODE_BYTES);
    this.#blocks = block + 1;
  });

  update(piece: Uint8Array): void {
    this.#walk.update(piece);
  }

  /** Nothing may follow. */
  finish(): BlockCodes {
    this.#walk.finish();
    return { key: this.#key, codes: Buffer.from(this.#codes.subarray(0, this.#blocks * CODE_BYTES)) };
  }
}

/** Bytes of a blob; without the ends of their blocks those are not checked. */
export type CheckedRange = { readonly start: number; readonly end: number; readonly sizeBytes: number };

/**
 * Pieces that begin at byte `start`, each given only when every block that it has a part of was right, as far as that block
 * lies within the range. `onWrong` says what is thrown instead, for the block at these bytes.
 */
export async function* checkedPieces(
  pieces: AsyncIterable<Uint8Array>,
  { start, end, sizeBytes }: CheckedRange,
  { key, codes }: BlockCodes,
  onWrong: (block: { readonly start: number; readonly end: number }) => Error,
): AsyncGenerator<Uint8Array> {
  const firstWhole = Math.ceil(start / BLOCK_BYTES) * BLOCK_BYTES;
  const lastWhole = end === sizeBytes ? end : Math.floor(end / BLOCK_BYTES) * BLOCK_BYTES;
  let rightUntil = firstWhole;
  const walk = new BlockWalk(key, { start: firstWhole, end: lastWhole }, (block, code) => {
    const at = block * BLOCK_BYTES;
    const until = Math.min(at + BLOCK_BYTES, sizeBytes);
    if (!timingSafeEqual(code, codes.subarray(block * CODE_BYTES, (block + 1) * CODE_BYTES)))
      throw onWrong({ start: at, end: until });
    rightUntil = until;
  });
  const held: Uint8Array[] = [];
  let [givenUntil, position] = [start, start];
  for await (const piece of pieces) {
    walk.update(piece.subarray(Math.min(piece.byteLength, Math.max(0, firstWhole - position))));
    position += piece.byteLength;
    held.push(piece);
    for (let [next] = held; next !== undefined; [next] = held) {
      givenUntil += next.byteLength;
      // Behind the last whole block there is nothing to check by.
      if (givenUntil > rightUntil && rightUntil < lastWhole) {
        givenUntil -= next.byteLength;
        break;
      }
      held.shift();
      yield next;
    }
  }
}

/** Cuts what passes into blocks, and gives each one's code when it is whole. */
class BlockWalk {
  /** Made once: to make one of bytes for each block costs Node as much as the block's code. */
  readonly #key: KeyObject;
  readonly #end: number;
  readonly #onBlock: (block: number, code: Buffer) => void;
  #position: number;
  #mac: ReturnType<typeof openMac> | undefined;

  constructor(
    key: Uint8Array,
    { start, end }: { start: number; end: number },
    onBlock: (block: number, code: Buffer) => void,
  ) {
    this.#key = createSecretKey(key);
    this.#position = start;
    this.#end = end;
    this.#onBlock = onBlock;
  }

  update(piece: Uint8Array): void {
    for (let rest = piece; rest.byteLength > 0 && this.#position < this.#end; ) {
      const block = Math.floor(this.#position / BLOCK_BYTES);
      const until = Math.min((block + 1) * BLOCK_BYTES, this.#end);
      const part = rest.subarray(0, until - this.#position);
      this.#mac ??= openMac(this.#key, block);
      this.#mac.setAAD(part);
      this.#position += part.byteLength;
      rest = rest.subarray(part.byteLength);
      if (this.#position === until) this.finish();
    }
  }

  /** The block that is under way, if there is one, ends here. */
  finish(): void {
    const mac = this.#mac;
    if (mac === undefined) return;
    this.#mac = undefined;
    mac.final();
    this.#onBlock(Math.ceil(this.#position / BLOCK_BYTES) - 1, mac.getAuthTag());
  }
}

/** GMAC is GCM with nothing to encrypt: all of the message is additional data. */
function openMac(key: KeyObject, block: number) {
  const vector = Buffer.alloc(12);
  vector.writeUInt32BE(block, 8);
  return createCipheriv(ALGORITHM, key, vector, { authTagLength: CODE_BYTES });
}
