import { isPlausible, type Measurement, type PathLeg } from './measurement.ts';

/** One registry in one round: how long the reference image takes on the whole path. */
export type PathObservation = {
  readonly registry: string;
  readonly round: string;
  readonly at: number;
  readonly payloadBytes: number;
  readonly ok: boolean;
  /** Both legs together; the deadline where it failed or took longer. */
  readonly seconds: number;
  /** Of each leg; null where it failed or is not known. */
  readonly legSeconds: Readonly<Record<PathLeg, number | null>>;
  /** The legs that a busy machine measured: then the round is suspect. */
  readonly busyLegs: readonly PathLeg[];
  readonly stalled: boolean;
  readonly jitterMs: number | null;
};

export type PathQuestion = {
  readonly legs: readonly PathLeg[];
  readonly referenceBytes: number;
  readonly deadlineSeconds: number;
  /** From, not including, and up to, including; milliseconds since the epoch. */
  readonly after: number;
  readonly until: number;
};

/**
 * Puts the legs of each round together. A round counts when every leg of the path was measured in it, for whichever
 * registry: while an agent is away, neither the failures nor the successes of the other leg are taken alone. In a round
 * that counts, a registry has failed when one of its legs has; when a leg is missing and none has failed it is left out.
 * A registry counts once in a round for each size of payload, with what was reported first.
 */
export function observePaths(measurements: readonly Measurement[], question: PathQuestion): readonly PathObservation[] {
  const rounds = groupRounds(measurements, question);
  return [...rounds.values()].flatMap((byRegistry) => {
    const members = [...byRegistry.values()];
    const counts = question.legs.every((leg) => members.some((legs) => legs[leg] !== undefined));
    return counts ? members.flatMap((legs) => observePath(legs, question) ?? []) : [];
  });
}

type Legs = Partial<Record<PathLeg, Measurement>>;

function groupRounds(measurements: readonly Measurement[], { legs, after, until }: PathQuestion) {
  const rounds = new Map<string, Map<string, Legs>>();
  for (const measurement of measurements) {
    const { at, leg, registry, round, payloadBytes } = measurement;
    if (!isPlausible(measurement) || at <= after || at > until || !legs.includes(leg)) continue;
    const key = `${payloadBytes} ${round}`;
    const byRegistry = rounds.get(key) ?? new Map<string, Legs>();
    rounds.set(key, byRegistry);
    const found = byRegistry.get(registry) ?? {};
    byRegistry.set(registry, found);
    found[leg] ??= measurement;
  }
  return rounds;
}

function observePath(legs: Legs, question: PathQuestion): PathObservation | undefined {
  const measured = Object.values(legs);
  const [first] = measured;
  const failed = measured.some(({ ok }) => !ok);
  if (first === undefined || (!failed && measured.length < question.legs.length)) return undefined;
  const legSeconds = (leg: PathLeg) => findLegSeconds(legs[leg], question.referenceBytes);
  const sum = measured.reduce((total, one) => total + (findLegSeconds(one, question.referenceBytes) ?? 0), 0);
  const jitters = measured.flatMap(({ jitterMs }) => jitterMs ?? []);
  const ok = !failed && sum < question.deadlineSeconds;
  return {
    registry: first.registry,
    round: first.round,
    at: Math.min(...measured.map(({ at }) => at)),
    payloadBytes: first.payloadBytes,
    ok,
    seconds: ok ? sum : question.deadlineSeconds,
    legSeconds: { upload: legSeconds('upload'), download: legSeconds('download') },
    busyLegs: measured.filter(({ suspect }) => suspect).map(({ leg }) => leg),
    stalled: measured.some(({ stalls }) => stalls > 0),
    jitterMs: jitters.length === 0 ? null : Math.max(...jitters),
  };
}

/** Setting up, then the reference image at the rate that was measured. */
function findLegSeconds(measurement: Measurement | undefined, referenceBytes: number): number | null {
  if (measurement?.rate === undefined || measurement.rate === null || !measurement.ok) return null;
  return measurement.setupSeconds + referenceBytes / measurement.rate;
}
