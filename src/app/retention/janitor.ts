import { type Clock, toTimestamp } from '../../kernel/clock.ts';
import { toFailure } from '../../kernel/failure.ts';
import type { World } from '../../regions/world.ts';
import { PRUNED_KINDS, type PrunedKind, type RetentionStore } from '../../store/retention-store.ts';
import type { Log } from '../../telemetry/log.ts';
import { type ClockTrust, judgeClock, trustSince } from './clock-trust.ts';

/** A start has better things to do. */
const FIRST_AFTER_MS = 60_000;
const LOOK_EVERY_MS = 60 * 60_000;
/** Between two batches, so that whoever else writes has the store to himself most of the time. */
const PAUSE_MS = 100;
/** So long a sample may be on its way from an agent. */
const WORK_KEPT_MS = 30 * 24 * 60 * 60_000;

export type JanitorOptions = {
  readonly world: Pick<World, 'retention' | 'access'>;
  readonly store: RetentionStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly sessions: { forgetOldUploads(keepMs: number, nowMs: number): Promise<number> };
  readonly onPruned: (kind: PrunedKind | 'sessions', records: number) => void;
};

/**
 * Forgets what is older than `retention` says, in small batches beside the service's work. What is forgotten does not
 * come back, so a clock that may have been set is not believed at once.
 */
export class Janitor {
  readonly #options: JanitorOptions;
  readonly #stop = new AbortController();
  #trust: ClockTrust | undefined;
  #working: Promise<void> = Promise.resolve();

  constructor(options: JanitorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#working = this.#keepTidy();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#working;
  }

  async #keepTidy(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stop;
    await clock.sleep(FIRST_AFTER_MS, signal).catch(() => {});
    while (!signal.aborted) {
      try {
        const nowMs = await this.#believedNow();
        if (nowMs !== undefined) {
          for (const kind of PRUNED_KINDS) await this.#prune(kind, nowMs);
          await this.#forgetSessions(nowMs);
        }
      } catch (error) {
        if (!signal.aborted) log.error({ event: 'forgetting what is old failed', error: toFailure(error).message });
      }
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
    }
  }

  /** Undefined while the clock is doubted. */
  async #believedNow(): Promise<number | undefined> {
    const { store, clock, log } = this.#options;
    const reading = { nowMs: clock.nowMs(), elapsedMs: clock.elapsedMs() };
    const before = this.#trust ?? trustSince(await store.trustedAt(), reading);
    const { isBelieved, ...trust } = judgeClock(before, reading);
    this.#trust = trust;
    if (isBelieved) await store.trust(reading.nowMs);
    else if (before.doubted === null)
      log.warn({
        event: 'nothing is forgotten for a day',
        reason: 'the service was down for more than an hour, or the clock was set ahead',
        believedAt: before.believedMs === null ? null : toTimestamp(before.believedMs + reading.elapsedMs),
      });
    return isBelieved ? reading.nowMs : undefined;
  }

  async #prune(kind: PrunedKind, nowMs: number): Promise<void> {
    const { store, clock, log, onPruned } = this.#options;
    const { signal } = this.#stop;
    const beforeMs = nowMs - this.#keptMs(kind);
    let records = 0;
    for (let from: string | null = null; !signal.aborted; ) {
      const { removed, next } = await store.prune(kind, beforeMs, from);
      records += removed;
      if (removed > 0) onPruned(kind, removed);
      if (next === null) break;
      from = next;
      await clock.sleep(PAUSE_MS, signal).catch(() => {});
    }
    if (records > 0) log.info({ event: 'forgotten', what: kind, records, before: toTimestamp(beforeMs) });
  }

  async #forgetSessions(nowMs: number): Promise<void> {
    const { sessions, log, onPruned, world } = this.#options;
    const { sessionsMs } = world.retention;
    const records = await sessions.forgetOldUploads(sessionsMs, nowMs);
    if (records === 0) return;
    onPruned('sessions', records);
    log.info({ event: 'forgotten', what: 'sessions', records, before: toTimestamp(nowMs - sessionsMs) });
  }

  #keptMs(kind: PrunedKind): number {
    const { retention, access } = this.#options.world;
    const { pushesMs, samplesMs, measurementsMs, hoursMs, noticesMs, usesMs } = retention;
    const kept: Readonly<Record<PrunedKind, number>> = {
      ...{ pushes: pushesMs, samples: samplesMs, measurements: measurementsMs, hours: hoursMs },
      ...{ notices: noticesMs, uses: usesMs, audit: access.auditMs, work: WORK_KEPT_MS, locations: 0 },
    };
    return kept[kind];
  }
}
