import type { PathLeg } from '../recommend/measurement.ts';
import { FigureSet, type SampleFigures } from './figure-set.ts';

/** The samples of one hour that are alike, as they are kept. Rows of one key merge into one. */
export type HourRow = {
  readonly campaign: string;
  readonly site: string;
  readonly registry: string;
  readonly leg: PathLeg;
  readonly payloadBytes: number;
  /** When the hour begins, milliseconds since the epoch. */
  readonly hourAt: number;
  /** A `FigureSet`. */
  readonly figures: Uint8Array;
};

export type HourKey = Omit<HourRow, 'figures'>;

export const HOUR_MS = 3_600_000;

/** What samples add to the hours that they belong to. */
export function foldIntoHours(samples: Iterable<SampleFigures>): readonly HourRow[] {
  const hours = new Map<string, { key: HourKey; set: FigureSet }>();
  for (const sample of samples) {
    const { campaign, site, registry, leg, payloadBytes, at } = sample;
    const key = { campaign, site, registry, leg, payloadBytes, hourAt: Math.floor(at / HOUR_MS) * HOUR_MS };
    const text = JSON.stringify(key);
    const hour = hours.get(text) ?? { key, set: new FigureSet() };
    hours.set(text, hour);
    hour.set.add(sample);
  }
  return [...hours.values()].map(({ key, set }) => ({ ...key, figures: set.toBytes() }));
}

/** Two rows of one key as one. */
export function mergeHours(kept: Uint8Array, added: Uint8Array): Uint8Array {
  const set = new FigureSet();
  set.mergeBytes(kept);
  set.mergeBytes(added);
  return set.toBytes();
}
