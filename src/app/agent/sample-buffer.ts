import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readWhole, writeWhole } from './copy-files.ts';

/** A sample as it is sent; only its id matters here. */
export type BufferedSample = { readonly id: string; readonly at: string; readonly [member: string]: unknown };

type Kept = { readonly path: string; readonly sample: BufferedSample; readonly sizeBytes: number };

/** At a sample a minute a week; a site makes fewer. */
const MOST_SAMPLES = 10_000;
const MOST_BYTES = 64 * 2 ** 20;

/**
 * Samples that the service has not acknowledged, each in a file of its own: it is there before anything is sent, and
 * gone once the service has said that it has it.
 */
export class SampleBuffer {
  readonly #folder: string;
  readonly #kept = new Map<string, Kept>();
  readonly #onLost: (id: string, why: string) => void;
  #bytes = 0;

  /** Reads what an earlier run left. */
  constructor(folder: string, onLost: (id: string, why: string) => void) {
    this.#folder = folder;
    this.#onLost = onLost;
    for (const name of listFiles(folder)) {
      const path = join(folder, name);
      const bytes = name.endsWith('.json') ? readWhole(path) : undefined;
      const sample = bytes === undefined ? undefined : parseSample(bytes);
      if (sample !== undefined && bytes !== undefined) this.#keep({ path, sample, sizeBytes: bytes.byteLength });
      else {
        // Half a file was never a sample: its writing was cut off.
        if (name.endsWith('.json')) onLost(name, 'its file is damaged');
        rmSync(path, { force: true });
      }
    }
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Durable when it returns. Beyond its bounds the oldest give way. */
  add(sample: BufferedSample): void {
    const text = JSON.stringify(sample);
    const hash = createHash('sha256').update(sample.id).digest('hex').slice(0, 32);
    const path = join(this.#folder, `${Date.parse(sample.at)}-${hash}.json`);
    writeWhole(path, text);
    this.#keep({ path, sample, sizeBytes: Buffer.byteLength(text) });
    while (this.#kept.size > MOST_SAMPLES || this.#bytes > MOST_BYTES) {
      const [oldest] = this.#kept.keys();
      if (oldest === undefined) return;
      this.#onLost(oldest, 'more are kept than there is room for');
      this.remove(oldest);
    }
  }

  /** The oldest, up to so many and so many bytes, and one at least where there is any. */
  first(count: number, bytes: number): readonly BufferedSample[] {
    const taken: BufferedSample[] = [];
    let sum = 0;
    for (const { sample, sizeBytes } of this.#kept.values()) {
      sum += sizeBytes;
      if (taken.length === count || (taken.length > 0 && sum > bytes)) break;
      taken.push(sample);
    }
    return taken;
  }

  remove(id: string): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    rmSync(kept.path, { force: true });
    this.#kept.delete(id);
    this.#bytes -= kept.sizeBytes;
  }

  #keep(kept: Kept): void {
    this.#kept.set(kept.sample.id, kept);
    this.#bytes += kept.sizeBytes;
  }
}

/** Oldest first: their names begin with the instant. */
function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function parseSample(bytes: Buffer): BufferedSample | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value !== 'object' || value === null || !('id' in value) || typeof value.id !== 'string')
      return undefined;
    return value as BufferedSample;
  } catch {
    return undefined;
  }
}
