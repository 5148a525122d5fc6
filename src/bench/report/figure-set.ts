import type { PathLeg } from '../recommend/measurement.ts';
import { QuantileSketch } from '../statistics/quantile-sketch.ts';

/** One sample, as far as the report looks at it. */
export type SampleFigures = {
  readonly campaign: string;
  readonly site: string;
  readonly registry: string;
  readonly leg: PathLeg;
  readonly payloadBytes: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly ok: boolean;
  readonly suspect: boolean;
  readonly stalled: boolean;
  /** For the reference image on this leg; the deadline where it failed. */
  readonly seconds: number;
  /** Bytes per second once under way; null where it failed. */
  readonly rate: number | null;
  /** Round trips in milliseconds, of the idle path and during the transfer; null where they were not probed. */
  readonly idleMs: number | null;
  readonly loadedMs: number | null;
  readonly jitterMs: number | null;
};

const NAMES = ['seconds', 'rate', 'idleMs', 'loadedMs', 'jitterMs'] as const;
export type SketchName = (typeof NAMES)[number];

/** How many samples a set holds, without reading it: its bytes begin with that. */
export function countSamples(figures: Uint8Array): number {
  return new DataView(figures.buffer, figures.byteOffset, figures.byteLength).getUint32(0, true);
}

/** Any number of samples of one kind: how many, how many of them went wrong, and sketches of their figures. */
export class FigureSet {
  samples = 0;
  failed = 0;
  suspect = 0;
  stalled = 0;
  readonly sketches: Readonly<Record<SketchName, QuantileSketch>> = {
    seconds: new QuantileSketch(),
    rate: new QuantileSketch(),
    idleMs: new QuantileSketch(),
    loadedMs: new QuantileSketch(),
    jitterMs: new QuantileSketch(),
  };

  add(sample: SampleFigures): void {
    this.samples += 1;
    if (!sample.ok) this.failed += 1;
    if (sample.suspect) this.suspect += 1;
    if (sample.stalled) this.stalled += 1;
    for (const name of NAMES) {
      const value = sample[name];
      if (value !== null) this.sketches[name].add(value);
    }
  }

  merge(other: FigureSet): void {
    this.samples += other.samples;
    this.failed += other.failed;
    this.suspect += other.suspect;
    this.stalled += other.stalled;
    for (const name of NAMES) this.sketches[name].merge(other.sketches[name]);
  }

  /** Counts and sketches, each with its length before it. */
  toBytes(): Buffer {
    const parts = NAMES.map((name) => this.sketches[name].toBytes());
    const head = Buffer.alloc(4 * (4 + parts.length));
    [this.samples, this.failed, this.suspect, this.stalled, ...parts.map(({ length }) => length)].forEach(
      (value, at) => {
        head.writeUInt32LE(value, 4 * at);
      },
    );
    return Buffer.concat([head, ...parts]);
  }

  /** Adds what `toBytes` wrote, of its sketches only those that are named. Throws RangeError for bytes of another form. */
  mergeBytes(bytes: Uint8Array, only: readonly SketchName[] = NAMES): void {
    const head = 4 * (4 + NAMES.length);
    if (bytes.length < head) throw new RangeError('These bytes are no set of figures');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const count = (at: number) => view.getUint32(4 * at, true);
    this.samples += count(0);
    this.failed += count(1);
    this.suspect += count(2);
    this.stalled += count(3);
    let start = head;
    NAMES.forEach((name, at) => {
      const end = start + count(4 + at);
      if (only.includes(name)) this.sketches[name].mergeBytes(bytes, start, end);
      start = end;
    });
  }
}
