import type { Socket } from 'node:net';
import type { TokenBucket } from './token-bucket.ts';

type Piece = { readonly bytes: Buffer | 'end'; readonly arrivesAtMs: number };

/** Large pieces are cut so that connections that share a link take turns. */
const PIECE_BYTES = 16 * 1024;

export type DelayLineOptions = {
  readonly link: TokenBucket;
  /** How long the next piece is on its way once the link has carried it. */
  nextDelayMs(): number;
  /** Nothing arrives sooner than so long from now. */
  readonly firstDelayMs: number;
  /** How much may be on its way at once; beyond it the sender is not read any more. */
  windowBytes(): number;
  /** Told of each piece that arrived. */
  onArrived(sizeBytes: number): void;
};

/** One direction of a connection: what `from` sends reaches `to` later, in order, at the pace of the shared link. */
export class DelayLine {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #pieces: Piece[] = [];
  readonly #options: DelayLineOptions;
  #underwayBytes = 0;
  #lastArrivalMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(from: Socket, to: Socket, options: DelayLineOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
    this.#lastArrivalMs = performance.now() + options.firstDelayMs;
    const send = (bytes: Buffer | 'end'): void => {
      const nowMs = performance.now();
      const carriedAtMs = bytes === 'end' ? nowMs : options.link.take(bytes.byteLength, nowMs);
      this.#lastArrivalMs = Math.max(this.#lastArrivalMs, carriedAtMs + options.nextDelayMs());
      this.#pieces.push({ bytes, arrivesAtMs: this.#lastArrivalMs });
    };
    from.on('data', (chunk: Buffer) => {
      for (let at = 0; at < chunk.byteLength; at += PIECE_BYTES) send(chunk.subarray(at, at + PIECE_BYTES));
      this.#underwayBytes += chunk.byteLength;
      if (this.#underwayBytes >= options.windowBytes()) from.pause();
      this.#deliver();
    });
    from.on('end', () => {
      send('end');
      this.#deliver();
    });
    to.on('drain', () => this.#deliver());
  }

  /** Is anything on its way? */
  get isBusy(): boolean {
    return this.#underwayBytes > 0;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#pieces.length = 0;
    this.#underwayBytes = 0;
  }

  /** Gives what has arrived to the receiver, as far as it takes it, and sets the clock for the next piece. */
  #deliver(): void {
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    this.#to.cork();
    let piece = this.#pieces[0];
    // A receiver that is gone needs no drain, and takes nothing either.
    while (piece !== undefined && piece.arrivesAtMs <= nowMs && !this.#to.writableNeedDrain && !this.#to.destroyed) {
      this.#pieces.shift();
      if (piece.bytes === 'end') this.#to.end();
      else {
        this.#underwayBytes -= piece.bytes.byteLength;
        this.#to.write(piece.bytes);
        this.#options.onArrived(piece.bytes.byteLength);
      }
      piece = this.#pieces[0];
    }
    this.#to.uncork();
    if (this.#closed) return;
    if (this.#from.isPaused() && this.#underwayBytes < this.#options.windowBytes()) this.#from.resume();
    // A receiver that is behind calls again when it has caught up.
    if (piece === undefined || piece.arrivesAtMs <= nowMs) return;
    this.#timer = setTimeout(() => this.#deliver(), Math.ceil(piece.arrivesAtMs - nowMs));
  }
}
