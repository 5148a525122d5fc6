/** How one leg went to a registry, or one sample of a benchmark, in the attempt that brought it there. */
export type PathRun = {
  /** When it was there, milliseconds since the epoch. */
  readonly at: number;
  /** Bytes that moved, each counted once. */
  readonly bytes: number;
  /** Until the first byte moved: reading the image and asking what is there. */
  readonly headMs: number;
  /** While bytes moved. */
  readonly moveMs: number;
  /** From the last byte until it was seen whole. */
  readonly tailMs: number;
};

/** What was expected of a leg when it was first known what has to move. It stays as it is, to be compared. */
export type Prediction = ExpectedTime & {
  /** Milliseconds since the epoch. */
  readonly at: number;
};

/**
 * The time until a leg is placed. `history` is what legs to the registry took, `benchmark` what samples took where
 * there is no such leg, `flow` what its own bytes say where there is neither, and `none` that nothing is known.
 */
export type ExpectedTime = {
  readonly basis: 'history' | 'benchmark' | 'flow' | 'none';
  /** Legs or samples that it rests on. */
  readonly samples: number;
  readonly medianMs: number | null;
  /** Nine of ten stay below; null where too few were seen to say. */
  readonly p90Ms: number | null;
};

export const NOTHING_KNOWN: ExpectedTime = { basis: 'none', samples: 0, medianMs: null, p90Ms: null };

/**
 * By how much a prediction was wrong, as a share of the time that it took: 0.5 said half as much again, -0.5 half of it.
 * Undefined where nothing was predicted.
 */
export function predictionError(prediction: Prediction | null, placedAt: number | null): number | undefined {
  if (prediction === null || prediction.medianMs === null || placedAt === null) return undefined;
  const tookMs = placedAt - prediction.at;
  return tookMs > 0 ? (prediction.medianMs - tookMs) / tookMs : undefined;
}
