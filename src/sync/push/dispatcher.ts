import { Failure, isFailure, toFailure } from '../../kernel/failure.ts';
import { LegProgress } from './leg-progress.ts';
import type { TransferRecord } from './push-record.ts';
import type { PushWithTransfers } from './push-store.ts';
import type { PushTrees } from './push-trees.ts';
import { runLeg } from './run-leg.ts';
import type { RunningLeg, RunningLegs } from './running-legs.ts';
import { settlePush } from './settle-push.ts';
import type { SyncContext } from './sync-context.ts';
import { judgeFailure, MAX_WAIT_MS } from './transfer-verdict.ts';

const LEASE_MS = 60_000;
const RENEW_EVERY_MS = 15_000;
/** How often the counters of running legs reach the store, and their watchers. */
const SAVE_EVERY_MS = 1_000;
const TELL_EVERY_MS = 250;
/** A dispatcher that heard no event looks for work this often all the same: an event is only a hint. */
const LOOK_EVERY_MS = 30_000;

type Claimed = PushWithTransfers & { readonly transfer: TransferRecord };

/** Runs legs: claims them registry by registry, up to the limit of each, and records what became of them. */
export class Dispatcher {
  readonly #context: SyncContext;
  readonly #trees: PushTrees;
  readonly #running: RunningLegs;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #claiming = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  #beat: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(context: SyncContext, trees: PushTrees, running: RunningLegs) {
    this.#context = context;
    this.#trees = trees;
    this.#running = running;
  }

  /** Takes back what an earlier run left under way and begins. */
  async start(): Promise<void> {
    const { store, owner, clock, log } = this.#context;
    const left = await store.reclaimTransfers({ owner, nowMs: clock.nowMs(), all: true });
    if (left.length > 0) log.info({ event: 'transfers reclaimed', count: left.length });
    this.#beat = setInterval(() => {
      store
        .renewLeases(owner, clock.nowMs(), LEASE_MS)
        .catch((error: unknown) => log.error({ event: 'lease renewal failed', error: String(error) }));
    }, RENEW_EVERY_MS);
    this.wakeAll();
  }

  wakeAll(): void {
    for (const registry of this.#context.world.registries) this.wake(registry.name);
  }

  /** There may be something to do for a registry. */
  wake(registry: string): void {
    if (this.#isStopping) return;
    if (this.#claiming.has(registry)) {
      this.#again.add(registry);
      return;
    }
    const claiming = this.#claimAll(registry)
      .catch((error: unknown) => {
        this.#context.log.error({ event: 'claiming transfers failed', registry, error: toFailure(error).message });
        this.#wakeLater(registry, 1_000);
      })
      .finally(() => {
        this.#claiming.delete(registry);
        if (this.#again.delete(registry)) this.wake(registry);
      });
    this.#claiming.set(registry, claiming);
  }

  /** Stops claiming and stops what runs; its progress is in the store and the journal, the next start goes on. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#beat);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.allSettled(this.#claiming.values());
    const legs = this.#running.all();
    for (const leg of legs) leg.stop.abort(new ServiceStops());
    await Promise.allSettled(legs.map((leg) => leg.ended));
  }

  async #claimAll(registry: string): Promise<void> {
    const { store, owner, clock, world } = this.#context;
    while (!this.#isStopping && this.#running.countOf(registry) < world.limits.transfersPerRegistry) {
      const claimed = await store.claimTransfer({ registry, owner, nowMs: clock.nowMs(), leaseMs: LEASE_MS });
      if (claimed === undefined) break;
      this.#begin(claimed);
    }
    const next = await store.nextAttemptAt(registry);
    // A wall clock that jumped back would make a wait endless: none is longer than the longest that is ever ordered.
    const waitMs = next === undefined ? LOOK_EVERY_MS : Math.min(Math.max(next - clock.nowMs(), 20), LOOK_EVERY_MS);
    if (next !== undefined && next - clock.nowMs() > MAX_WAIT_MS * 1.5) await this.#pullForward(registry, next);
    this.#wakeLater(registry, waitMs);
  }

  /** After a jump of the clock: legs that would wait beyond the longest wait are due now. */
  async #pullForward(registry: string, next: number): Promise<void> {
    const { store, owner, log } = this.#context;
    if (this.#running.countOf(registry) >= this.#context.world.limits.transfersPerRegistry) return;
    log.warn({ event: 'clock jumped back', registry, nextAttemptAt: next });
    const claimed = await store.claimTransfer({ registry, owner, nowMs: next, leaseMs: LEASE_MS });
    if (claimed !== undefined) this.#begin(claimed);
  }

  #wakeLater(registry: string, ms: number): void {
    clearTimeout(this.#timers.get(registry));
    this.#timers.set(
      registry,
      setTimeout(() => this.wake(registry), ms),
    );
  }

  #begin(claimed: Claimed): void {
    const { push, transfer } = claimed;
    const { events, clock, store } = this.#context;
    const stop = new AbortController();
    let hasNews = false;
    const progress = new LegProgress(transfer, {
      elapsedMs: () => clock.elapsedMs(),
      onChange: () => {
        hasNews = true;
      },
      onVerifying: () => {
        store.updateTransfer(push.id, transfer.registry, { state: 'verifying', ...progress.counters }).catch(() => {});
        events.emit({ type: 'transfer.changed', pushId: push.id, registry: transfer.registry, state: 'verifying' });
      },
    });
    const telling = setInterval(() => {
      if (hasNews) events.emit({ type: 'transfer.progress', pushId: push.id, registry: transfer.registry });
      hasNews = false;
    }, TELL_EVERY_MS);
    let saved = progress.counters;
    const saving = setInterval(() => {
      if (saved === progress.counters) return;
      saved = progress.counters;
      store.updateTransfer(push.id, transfer.registry, saved).catch(() => {});
    }, SAVE_EVERY_MS);
    const deadline = setTimeout(
      () =>
        stop.abort(
          new Failure('deadline_exceeded', 'the deadline of the push passed', { side: 'here', step: 'transfer' }),
        ),
      Math.min(Math.max(push.deadlineAt - clock.nowMs(), 0), 2 ** 31 - 1),
    );
    const ended = this.#run(claimed, progress, stop.signal).finally(() => {
      clearInterval(telling);
      clearInterval(saving);
      clearTimeout(deadline);
      this.#running.remove(leg);
      this.wake(transfer.registry);
    });
    const leg: RunningLeg = { pushId: push.id, registry: transfer.registry, progress, stop, ended };
    this.#running.add(leg);
    events.emit({ type: 'transfer.changed', pushId: push.id, registry: transfer.registry, state: 'running' });
  }

  async #run(claimed: Claimed, progress: LegProgress, signal: AbortSignal): Promise<void> {
    const { push, transfer } = claimed;
    const { store, events, clock, log } = this.#context;
    const facts = {
      push: push.id,
      image: `${push.name}:${push.tag}`,
      registry: transfer.registry,
      attempt: transfer.attempts,
    };
    try {
      const onLanded = (bytes: number) => this.#landed(push.id, bytes);
      const { digest, placement } = await runLeg(
        this.#context,
        this.#trees,
        { push, transfer, progress, onLanded },
        signal,
      );
      const at = clock.nowMs();
      await store.placeTransfer(
        push.id,
        transfer.registry,
        {
          state: 'placed',
          digest,
          placedAt: at,
          error: null,
          nextAttemptAt: null,
          leaseOwner: null,
          leaseUntil: null,
          ...progress.counters,
        },
        { ...placement, placedAt: at, verifiedAt: at },
      );
      log.info({
        event: 'transfer placed',
        ...facts,
        digest,
        bytesSent: progress.counters.bytesSent,
        bytesResent: progress.counters.bytesResent,
      });
      events.emit({
        type: 'placement.confirmed',
        registry: transfer.registry,
        name: push.name,
        sourceDigest: placement.sourceDigest,
        digest,
        verifiedAt: at,
      });
      events.emit({ type: 'transfer.changed', pushId: push.id, registry: transfer.registry, state: 'placed' });
    } catch (error) {
      await this.#recordFailure(claimed, progress, signal.aborted ? signal.reason : error);
    }
    await settlePush(this.#context, push.id, this.#trees).catch((error: unknown) =>
      log.error({ event: 'settling a push failed', ...facts, error: toFailure(error).message }),
    );
  }

  async #recordFailure(claimed: Claimed, progress: LegProgress, error: unknown): Promise<void> {
    const { push, transfer } = claimed;
    const { store, events, clock, log } = this.#context;
    const free = { leaseOwner: null, leaseUntil: null, ...progress.counters };
    const facts = {
      push: push.id,
      image: `${push.name}:${push.tag}`,
      registry: transfer.registry,
      attempt: transfer.attempts,
    };
    try {
      if (error instanceof ServiceStops) {
        await store.updateTransfer(push.id, transfer.registry, { state: 'queued', ...free });
        return;
      }
      const failure = toFailure(error);
      // Whoever cancelled has recorded it.
      if (isFailure(failure, 'cancelled') && failure.details.step === 'transfer') return;
      const verdict = judgeFailure(failure, {
        attempts: transfer.attempts,
        deadlineAt: push.deadlineAt,
        nowMs: clock.nowMs(),
      });
      await store.updateTransfer(push.id, transfer.registry, { ...verdict, ...free });
      const told = {
        ...facts,
        code: failure.code,
        side: failure.details.side,
        step: failure.details.step,
        error: failure.message,
      };
      if (verdict.state === 'failed') log.error({ event: 'transfer failed', ...told });
      else log.warn({ event: 'transfer waits', ...told, nextAttemptAt: verdict.nextAttemptAt });
      if (failure.code === 'internal')
        log.error({
          event: 'defect',
          ...facts,
          stack: failure.cause instanceof Error ? failure.cause.stack : failure.stack,
        });
      events.emit({ type: 'transfer.changed', pushId: push.id, registry: transfer.registry, state: verdict.state });
    } catch (failed) {
      // The store itself failed (a full disk): the lease runs out and the leg is taken up again.
      log.error({ event: 'recording a transfer failed', ...facts, error: toFailure(failed).message });
    }
  }

  readonly #landedBytes = new Map<string, number>();

  /** Adds up landed bytes and lets them reach the store at the pace of the other counters. */
  #landed(pushId: string, bytes: number): void {
    const waiting = this.#landedBytes.get(pushId);
    this.#landedBytes.set(pushId, (waiting ?? 0) + bytes);
    if (waiting !== undefined) return;
    setTimeout(() => {
      const sum = this.#landedBytes.get(pushId) ?? 0;
      this.#landedBytes.delete(pushId);
      this.#context.store
        .findPush(pushId)
        .then(
          (found) =>
            found &&
            this.#context.store.updatePush(pushId, {
              bytesLanded: Math.min(found.push.bytesLanded + sum, found.push.bytesTotal ?? Number.MAX_SAFE_INTEGER),
            }),
        )
        .catch(() => {});
    }, SAVE_EVERY_MS);
  }
}

/** The reason of an abort when the service stops: nothing is wrong with the leg. */
class ServiceStops extends Error {
  override readonly name = 'ServiceStops';
}
