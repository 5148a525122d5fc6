import { type FolderFiles, findFile } from '../registry-folder/folder-files.ts';

const KEEP_EVERY_MS = 5 * 60_000;

/**
 * How long services have run on a folder, all of them together: what is counted by it grows old only while somebody could
 * have used it, whatever the wall clock is set to. It is written down every few minutes, which a process that is killed
 * loses.
 */
export class RunningTime {
  readonly #path: string;
  readonly #files: FolderFiles;
  readonly #elapsedMs: () => number;
  readonly #timer: NodeJS.Timeout;
  /** What is to be added to the steady clock of this process. */
  #beforeMs: number;

  static async open(path: string, files: FolderFiles, elapsedMs: () => number): Promise<RunningTime> {
    const kept = Number(await findFile(path));
    return new RunningTime(path, files, elapsedMs, Number.isFinite(kept) ? kept : 0);
  }

  private constructor(path: string, files: FolderFiles, elapsedMs: () => number, keptMs: number) {
    this.#path = path;
    this.#files = files;
    this.#elapsedMs = elapsedMs;
    this.#beforeMs = keptMs - elapsedMs();
    this.#timer = setInterval(() => void this.#keep(), KEEP_EVERY_MS).unref();
  }

  nowMs(): number {
    return this.#beforeMs + this.#elapsedMs();
  }

  /** It cannot be earlier than an instant that was noted by it. */
  isAtLeast(notedMs: number): void {
    this.#beforeMs += Math.max(0, notedMs - this.nowMs());
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#keep();
  }

  /** A disk that does not take it costs what a kill costs. */
  async #keep(): Promise<void> {
    await this.#files.write(this.#path, Buffer.from(String(Math.round(this.nowMs())))).catch(() => {});
  }
}
