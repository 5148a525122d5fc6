import type { PathFigures, Spread } from './path-figures.ts';
import { type ExpectedTime, NOTHING_KNOWN } from './path-run.ts';

/** How far a leg has come. */
export type LegStage = {
  readonly phase: 'planning' | 'moving' | 'verifying';
  /** Bytes that have still to move; null while that is not known. */
  readonly bytesToGo: number | null;
  /** Bytes that moved in this attempt, each counted once. */
  readonly bytesMoved: number;
};

/** Closer looks than this see the grain of the network, not its speed. */
const LOOK_EVERY_MS = 250;
/** How long bytes count in the rate that is taken for the present one. */
const RATE_MS = 15_000;
/** After so long the leg's own rate counts as much as its history; less than this is slow start. */
const HALF_TRUST_MS = 10_000;
/** A rate without history is believed from here on. */
const LEAST_FLOW_MS = 1_000;
/** How fast what is shown follows what is reckoned: a rate that jumps must not make the end jump. */
const FOLLOW_MS = 8_000;
/** Later than any deadline. */
const LONGEST_MS = 30 * 86_400_000;

type Remaining = { medianMs: number; p90Ms: number | null };

/**
 * The time until a running leg is placed. It begins with the path's history; while bytes flow, their rate counts more
 * and more; and what is shown moves towards what was reckoned by steps, so that it counts down and does not jump.
 */
export class LegForecast {
  readonly #elapsedMs: () => number;
  readonly #stage: () => LegStage;
  readonly #figures: (bytes: number | null) => PathFigures | undefined;
  readonly #beganAt: number;
  #phase: LegStage['phase'] = 'planning';
  #phaseBeganAt: number;
  #movedAtPhase = 0;
  #lookedAt: number | undefined;
  #moved = 0;
  #recentBytes = 0;
  #recentMs = 0;
  #known: PathFigures | undefined;
  #shown: Remaining | undefined;

  constructor(options: {
    elapsedMs: () => number;
    stage: () => LegStage;
    figures: (bytes: number | null) => PathFigures | undefined;
  }) {
    this.#elapsedMs = options.elapsedMs;
    this.#stage = options.stage;
    this.#figures = options.figures;
    this.#beganAt = options.elapsedMs();
    this.#phaseBeganAt = this.#beganAt;
  }

  /** As it is this instant. Asked at least once a second, it follows the flow. */
  expected(): ExpectedTime {
    const nowMs = this.#elapsedMs();
    const stage = this.#stage();
    const sinceMs = nowMs - (this.#lookedAt ?? nowMs);
    if (this.#lookedAt === undefined || sinceMs >= LOOK_EVERY_MS || stage.phase !== this.#phase) {
      this.#look(stage, nowMs, sinceMs);
      this.#lookedAt = nowMs;
    }
    if (this.#shown === undefined) return NOTHING_KNOWN;
    const gone = nowMs - (this.#lookedAt ?? nowMs);
    const { medianMs, p90Ms } = this.#shown;
    const left = (ms: number) => Math.round(Math.min(Math.max(0, ms - gone), LONGEST_MS));
    return {
      basis: this.#known?.basis ?? 'flow',
      samples: this.#known?.samples ?? 0,
      medianMs: left(medianMs),
      p90Ms: p90Ms === null ? null : left(p90Ms),
    };
  }

  #look(stage: LegStage, nowMs: number, sinceMs: number): void {
    const isNewPhase = stage.phase !== this.#phase;
    if (isNewPhase) {
      this.#phase = stage.phase;
      this.#phaseBeganAt = nowMs;
      this.#movedAtPhase = stage.bytesMoved;
      this.#moved = stage.bytesMoved;
      [this.#recentBytes, this.#recentMs] = [0, 0];
    }
    const kept = Math.exp(-sinceMs / RATE_MS);
    this.#recentBytes = this.#recentBytes * kept + Math.max(0, stage.bytesMoved - this.#moved);
    this.#recentMs = this.#recentMs * kept + (isNewPhase ? 0 : sinceMs);
    this.#moved = Math.max(this.#moved, stage.bytesMoved);
    const reckoned = this.#reckon(stage, nowMs);
    if (reckoned === undefined) return;
    const before = this.#shown;
    // What has to move is news, and the end of it too: there is nothing to smooth over.
    const step = before === undefined || isNewPhase ? 1 : 1 - Math.exp(-sinceMs / FOLLOW_MS);
    const follow = (from: number, to: number) => Math.max(0, from - sinceMs + step * (to - (from - sinceMs)));
    const medianMs = follow(before?.medianMs ?? reckoned.medianMs, reckoned.medianMs);
    const p90Ms = reckoned.p90Ms === null ? null : follow(before?.p90Ms ?? reckoned.p90Ms, reckoned.p90Ms);
    this.#shown = { medianMs, p90Ms: p90Ms === null ? null : Math.max(p90Ms, medianMs) };
  }

  #reckon({ phase, bytesToGo, bytesMoved }: LegStage, nowMs: number): Remaining | undefined {
    const inPhaseMs = nowMs - this.#phaseBeganAt;
    // What is like this leg is told by all that it moves, not by what is left of it.
    const known = this.#figures(bytesToGo === null ? null : bytesToGo + bytesMoved);
    this.#known = known;
    if (phase === 'verifying') return known && remaining(known.tailMs, (tailMs) => tailMs - inPhaseMs);
    if (phase === 'planning' || bytesToGo === null)
      return known && remaining(known.wholeMs, (wholeMs) => wholeMs - (nowMs - this.#beganAt));
    const ownMsPerByte = this.#recentBytes > 0 ? this.#recentMs / this.#recentBytes : undefined;
    if (known === undefined) {
      const isFlowing = inPhaseMs >= LEAST_FLOW_MS && bytesMoved > this.#movedAtPhase;
      return ownMsPerByte !== undefined && isFlowing ? { medianMs: bytesToGo * ownMsPerByte, p90Ms: null } : undefined;
    }
    // By its time, and by its bytes: the rest will move as most of them did.
    const doubt = (HALF_TRUST_MS / (inPhaseMs + HALF_TRUST_MS)) * (bytesToGo / (bytesToGo + bytesMoved + 1));
    const trust = ownMsPerByte === undefined ? 0 : 1 - doubt;
    const blend = (msPerByte: number) => trust * (ownMsPerByte ?? 0) + (1 - trust) * msPerByte;
    const { tailMs, msPerByte } = known;
    return {
      medianMs: tailMs.median + bytesToGo * blend(msPerByte.median),
      p90Ms: tailMs.p90 === null || msPerByte.p90 === null ? null : tailMs.p90 + bytesToGo * blend(msPerByte.p90),
    };
  }
}

function remaining(spread: Spread, left: (ms: number) => number): Remaining {
  const leftOf = (ms: number) => Math.max(0, left(ms));
  return { medianMs: leftOf(spread.median), p90Ms: spread.p90 === null ? null : leftOf(spread.p90) };
}
