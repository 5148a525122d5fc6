import { Failure, toFailure } from '../../kernel/failure.ts';
import { LegForecast } from '../estimate/leg-forecast.ts';
import type { Prediction } from '../estimate/path-run.ts';
import { Alarm } from './alarm.ts';
import { ClockWatch } from './clock-watch.ts';
import type { EarlyBytes } from './early-bytes.ts';
import { LandedBytes } from './landed-bytes.ts';
import { LegProgress } from './leg-progress.ts';
import { type ClaimedLeg, LegRunner, ServiceStops } from './leg-runner.ts';
import { PushSettler } from './push-settler.ts';
import { PushTrees } from './push-trees.ts';
import type { RunningLeg, RunningLegs } from './running-legs.ts';
import type { SyncContext } from './sync-context.ts';
import { MAX_WAIT_MS } from './transfer-verdict.ts';

const LEASE_MS = 60_000;
const RENEW_EVERY_MS = 15_000;
/** How often the counters of running legs reach the store, and their watchers. */
const SAVE_EVERY_MS = 1_000;
const TELL_EVERY_MS = 250;
/** A dispatcher that heard no event looks for work this often all the same: an event is only a hint. */
const LOOK_EVERY_MS = 30_000;

/** Runs legs: claims them registry by registry, up to the limit of each, and records what became of them. */
export class Dispatcher {
  readonly settler: PushSettler;
  readonly clockWatch: ClockWatch;
  readonly #context: SyncContext;
  readonly #trees: PushTrees;
  readonly #landed: LandedBytes;
  readonly #running: RunningLegs;
  readonly #early: EarlyBytes;
  readonly #runner: LegRunner;
  readonly #alarms = new Map<string, Alarm>();
  readonly #claiming = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  readonly #stopping = new AbortController();
  #beat: NodeJS.Timeout | undefined;
  #isStarted = false;

  constructor(context: SyncContext, running: RunningLegs, early: EarlyBytes) {
    this.#context = context;
    this.#running = running;
    this.#early = early;
    this.#trees = new PushTrees(context);
    this.#landed = new LandedBytes(context);
    this.settler = new PushSettler(context, this.#trees, this.#landed);
    this.clockWatch = new ClockWatch(context);
    this.#runner = new LegRunner(context, {
      trees: this.#trees,
      settler: this.settler,
      landed: this.#landed,
      clockWatch: this.clockWatch,
      running,
      stopping: this.#stopping.signal,
    });
  }

  /** Takes back what an earlier run left under way and begins. Nothing is claimed before: it would be taken back too. */
  async start(): Promise<void> {
    const { store, owner, clock, log } = this.#context;
    const left = await store.reclaimTransfers({ owner, nowMs: clock.nowMs(), all: true });
    if (left.length > 0) log.info({ event: 'transfers reclaimed', count: left.length });
    const underWay = await this.settler.settleAll();
    this.#beat = setInterval(() => {
      store
        .renewLeases(owner, clock.nowMs(), LEASE_MS)
        .catch((error: unknown) => log.error({ event: 'lease renewal failed', error: toFailure(error).message }));
    }, RENEW_EVERY_MS);
    this.#isStarted = true;
    // Legs to a registry that is not configured any more are taken up too: running them says so and ends them.
    const configured = this.#context.world.registries.map((registry) => registry.name);
    for (const registry of new Set([...configured, ...underWay])) this.wake(registry);
  }

  /** There may be something to do for a registry. */
  wake(registry: string): void {
    if (!this.#isStarted || this.#stopping.signal.aborted) return;
    if (this.#claiming.has(registry)) this.#again.add(registry);
    else this.#takeTurn(registry, () => this.#claimAll(registry));
  }

  /** Does something to legs of a registry while none of them is being claimed. */
  async holdClaims<T>(registry: string, work: () => Promise<T>): Promise<T> {
    while (this.#claiming.has(registry)) await this.#claiming.get(registry);
    return this.#takeTurn(registry, work);
  }

  /** What runs goes on, and nothing more is begun. */
  stopClaiming(): void {
    this.#stopping.abort();
  }

  /** Stops claiming and stops what runs; its progress is in the store and the journal, the next start goes on. */
  async stop(): Promise<void> {
    this.stopClaiming();
    clearInterval(this.#beat);
    await Promise.allSettled(this.#claiming.values());
    for (const alarm of this.#alarms.values()) alarm.clear();
    const legs = this.#running.all();
    for (const leg of legs) leg.stop.abort(new ServiceStops());
    await Promise.allSettled(legs.map((leg) => leg.ended));
    await this.#trees.close();
    this.#landed.close();
  }

  #takeTurn<T>(registry: string, work: () => Promise<T>): Promise<T> {
    const turn = Promise.resolve().then(work);
    const over = () => {
      this.#claiming.delete(registry);
      if (this.#again.delete(registry)) this.wake(registry);
    };
    this.#claiming.set(registry, turn.then(over, over));
    return turn;
  }

  async #claimAll(registry: string): Promise<void> {
    try {
      await this.clockWatch.look();
      this.#wakeLater(registry, await this.#claimWhileFree(registry));
    } catch (error) {
      this.#context.log.error({ event: 'claiming transfers failed', registry, error: toFailure(error).message });
      this.#wakeLater(registry, SAVE_EVERY_MS);
    }
  }

  /** Claims as much as the registry may run; returns when to look again, in milliseconds. */
  async #claimWhileFree(registry: string): Promise<number> {
    const { store, owner, clock, log } = this.#context;
    while (this.#isFree(registry)) {
      const claimed = await store.claimTransfer({ registry, owner, nowMs: clock.nowMs(), leaseMs: LEASE_MS });
      if (claimed !== undefined) {
        this.#begin(claimed);
        continue;
      }
      const next = await store.nextAttemptAt(registry);
      if (next === undefined) return LOOK_EVERY_MS;
      const waitMs = next - clock.nowMs();
      if (waitMs <= MAX_WAIT_MS) return Math.min(Math.max(waitMs, 20), LOOK_EVERY_MS);
      // Nobody is made to wait that long: the wall clock was set back. Those legs are due.
      log.warn({ event: 'clock jumped back', registry, nextAttemptAt: next });
      const late = await store.claimTransfer({ registry, owner, nowMs: next, leaseMs: LEASE_MS });
      if (late === undefined) return LOOK_EVERY_MS;
      this.#begin(late);
    }
    return LOOK_EVERY_MS;
  }

  #isFree(registry: string): boolean {
    return (
      !this.#stopping.signal.aborted &&
      this.#running.countOf(registry) < this.#context.world.limits.transfersPerRegistry
    );
  }

  #wakeLater(registry: string, ms: number): void {
    if (this.#stopping.signal.aborted) return;
    const alarm = this.#alarms.get(registry) ?? new Alarm(this.#context.clock);
    this.#alarms.set(registry, alarm);
    alarm.set(ms, () => this.wake(registry));
  }

  #begin(claimed: ClaimedLeg): void {
    const { push, transfer } = claimed;
    const { registry } = transfer;
    const { events, clock, store, histories } = this.#context;
    const stop = new AbortController();
    let hasNews = false;
    const progress = new LegProgress(transfer, {
      elapsedMs: () => clock.elapsedMs(),
      takeEarly: (digest) => this.#early.take(registry, push.name, digest),
      onChange: () => {
        hasNews = true;
      },
      onReplaced: (replaced) => this.#context.onReplaced?.(registry, replaced),
      onMoving: () => {
        if (transfer.prediction !== null) return;
        const prediction: Prediction = { at: clock.nowMs(), ...forecast.expected() };
        store.updateTransfer(push.id, registry, { prediction }).catch(() => {});
      },
      onVerifying: () => {
        store.updateTransfer(push.id, registry, { state: 'verifying', ...progress.counters }).catch(() => {});
        events.emit({ type: 'transfer.changed', pushId: push.id, registry, state: 'verifying' });
      },
    });
    const forecast = new LegForecast({
      elapsedMs: () => clock.elapsedMs(),
      stage: () => progress.stage,
      figures: (bytes) => histories.find(registry, bytes),
    });
    const telling = setInterval(() => {
      if (hasNews) events.emit({ type: 'transfer.progress', pushId: push.id, registry });
      hasNews = false;
    }, TELL_EVERY_MS);
    let saved = progress.counters;
    const saving = setInterval(() => {
      // It follows the flow whether or not somebody watches.
      forecast.expected();
      if (saved === progress.counters) return;
      saved = progress.counters;
      store.updateTransfer(push.id, registry, saved).catch(() => {});
    }, SAVE_EVERY_MS);
    const deadline = new Alarm(clock);
    deadline.set(Math.max(push.deadlineAt - clock.nowMs(), 0), () =>
      stop.abort(
        new Failure('deadline_exceeded', 'the deadline of the push passed', { side: 'here', step: 'transfer' }),
      ),
    );
    const ended = this.#runner.run(claimed, progress, stop.signal).finally(() => {
      clearInterval(telling);
      clearInterval(saving);
      deadline.clear();
      this.#running.remove(leg);
      this.wake(registry);
    });
    const leg: RunningLeg = { pushId: push.id, registry, progress, forecast, stop, ended };
    this.#running.add(leg);
    events.emit({ type: 'transfer.changed', pushId: push.id, registry, state: 'running' });
  }
}
