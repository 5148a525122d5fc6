import type { GrowingReader, GrowingUpload } from '../copy/growing-upload.ts';

/**
 * Uploads of several clients that begin with the same bytes, as one. It is read from one of them; the first that comes
 * to its end is taken instead, and another takes the place of one that is given up, where what was read is the same there.
 */
export class AlikeUploads {
  readonly #others = new Map<GrowingUpload, () => void>();
  readonly #onOther: (upload: GrowingUpload) => void;
  #source: GrowingUpload;
  #isSourceLost = false;
  #next: GrowingUpload | undefined;
  #hasNext = Promise.withResolvers<void>();
  #isClosed = false;

  /** `onOther` is told of one that only began alike. */
  constructor(source: GrowingUpload, onOther: (upload: GrowingUpload) => void) {
    this.#source = source;
    this.#onOther = onOther;
  }

  /** What it is read from. */
  get source(): GrowingUpload {
    return this.#source;
  }

  /** No more bytes will ever come. */
  get isLost(): boolean {
    return this.#isSourceLost && this.#next === undefined;
  }

  async join(upload: GrowingUpload): Promise<void> {
    const letGo = await upload.keep();
    if (this.#isClosed) letGo();
    else this.#others.set(upload, letGo);
  }

  /** Does it matter what an upload turned out to be? */
  mayDecide(upload: GrowingUpload): boolean {
    if (upload === this.#source) return true;
    return this.#others.has(upload) && this.#source.blob === undefined && this.#next?.blob === undefined;
  }

  /** One has come to its end. */
  decided(upload: GrowingUpload): void {
    if (upload !== this.#source) this.#goOnWith(upload);
  }

  /** One was given up. */
  lost(upload: GrowingUpload): void {
    this.#leave(upload);
    if (upload !== this.#source) return;
    this.#isSourceLost = true;
    this.#succeed();
  }

  /** Resolves once there is something to be done: more bytes than that, the end, or another source. */
  async waitBeyond(bytes: number, signal: AbortSignal): Promise<void> {
    await Promise.race([this.#source.waitBeyond(bytes, signal), this.#hasNext.promise]);
  }

  /** Between two readings: reads on from the upload that is to be the source. */
  async change(reader: GrowingReader): Promise<void> {
    while (this.#next !== undefined) {
      const next = this.#next;
      this.#next = undefined;
      this.#hasNext = Promise.withResolvers<void>();
      if (this.#source.blob === undefined && (await reader.goOnWith(next))) {
        this.#source = next;
        this.#isSourceLost = false;
      } else if (next.blob?.digest !== this.#source.blob?.digest) this.#onOther(next);
      this.#leave(next);
      if (this.#isSourceLost) this.#succeed();
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const upload of this.#others.keys()) this.#leave(upload);
    this.#hasNext.resolve();
  }

  #succeed(): void {
    const [successor] = this.#others.keys();
    if (successor !== undefined && this.#next === undefined) this.#goOnWith(successor);
    // Whoever waits for bytes is to look again.
    else this.#hasNext.resolve();
  }

  #goOnWith(upload: GrowingUpload): void {
    this.#next = upload;
    this.#hasNext.resolve();
  }

  #leave(upload: GrowingUpload): void {
    this.#others.get(upload)?.();
    this.#others.delete(upload);
  }
}
