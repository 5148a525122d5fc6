import { type Failure, isFailure, toFailure } from '../../kernel/failure.ts';
import type { ClockWatch } from './clock-watch.ts';
import type { LandedBytes } from './landed-bytes.ts';
import type { LegProgress } from './leg-progress.ts';
import { pushFacts } from './push-facts.ts';
import type { TransferRecord } from './push-record.ts';
import type { PushSettler } from './push-settler.ts';
import type { PushWithTransfers } from './push-store.ts';
import type { PushTrees } from './push-trees.ts';
import { type LegOutcome, runLeg } from './run-leg.ts';
import type { RunningLegs } from './running-legs.ts';
import type { SyncContext } from './sync-context.ts';
import { isCancellation, judgeFailure, toTransferError } from './transfer-verdict.ts';

/** How soon a result that the store could not take (a full disk) is offered to it again. */
const RECORD_AGAIN_MS = 2_000;

export type ClaimedLeg = PushWithTransfers & { readonly transfer: TransferRecord };

/** The reason of an abort when the service stops: nothing is wrong with the leg. */
export class ServiceStops extends Error {
  override readonly name = 'ServiceStops';
}

export type LegRunnerParts = {
  readonly trees: PushTrees;
  readonly settler: PushSettler;
  readonly landed: LandedBytes;
  readonly clockWatch: ClockWatch;
  readonly running: Pick<RunningLegs, 'noteUnrecorded'>;
  /** Aborts when the service stops: what could not be recorded by then is done again after the next start. */
  readonly stopping: AbortSignal;
};

/** Runs one attempt of a leg and records what became of it, however long the store takes to accept that. */
export class LegRunner {
  readonly #context: SyncContext;
  readonly #parts: LegRunnerParts;

  constructor(context: SyncContext, parts: LegRunnerParts) {
    this.#context = context;
    this.#parts = parts;
  }

  async run(claimed: ClaimedLeg, progress: LegProgress, signal: AbortSignal): Promise<void> {
    const { push, transfer } = claimed;
    const { trees, settler, landed } = this.#parts;
    const onLanded = (bytes: number) => landed.add(push.id, bytes);
    let outcome: LegOutcome | undefined;
    let failed: unknown;
    try {
      outcome = await runLeg(this.#context, trees, { push, transfer, progress, onLanded }, signal);
    } catch (error) {
      failed = signal.aborted ? signal.reason : error;
    }
    const placed = outcome;
    await this.#insist(claimed, () =>
      placed === undefined
        ? this.#recordFailure(claimed, progress, failed)
        : this.#recordPlaced(claimed, progress, placed),
    );
    await this.#insist(claimed, () => settler.settle(push.id));
  }

  async #recordPlaced(claimed: ClaimedLeg, progress: LegProgress, outcome: LegOutcome): Promise<void> {
    const { store, events, clock, log, histories } = this.#context;
    const { push, transfer } = claimed;
    const { digest, placement } = outcome;
    const { registry } = transfer;
    const at = clock.nowMs();
    const run = progress.run.finished(at);
    const congestionControl = this.#congestionControlOf(registry);
    await store.placeTransfer(
      push.id,
      registry,
      {
        state: 'placed',
        digest,
        placedAt: at,
        error: null,
        nextAttemptAt: null,
        leaseOwner: null,
        leaseUntil: null,
        run,
        congestionControl,
        ...progress.counters,
      },
      { ...placement, placedAt: at, verifiedAt: at },
    );
    histories.add(registry, run);
    const { bytesSent, bytesResent } = progress.counters;
    log.info({ event: 'transfer placed', ...factsOf(claimed), digest, bytesSent, bytesResent, congestionControl });
    const { name, sourceDigest, platformSet } = placement;
    const seen = { registry, name, sourceDigest, platformSet, digest, verifiedAt: at };
    events.emit({ type: 'placement.confirmed', ...seen });
    events.emit({ type: 'transfer.changed', pushId: push.id, registry, state: 'placed' });
  }

  async #recordFailure(claimed: ClaimedLeg, progress: LegProgress, error: unknown): Promise<void> {
    const { push, transfer } = claimed;
    const { store, events, clock } = this.#context;
    const congestionControl = this.#congestionControlOf(transfer.registry);
    const free = { leaseOwner: null, leaseUntil: null, congestionControl, ...progress.counters };
    // Whoever cancelled records it.
    if (isCancellation(error)) return;
    // Neither a stop nor the end of somebody else's landing that this leg had joined says anything of the leg.
    if (error instanceof ServiceStops || isFailure(error, 'cancelled')) {
      await store.updateTransfer(push.id, transfer.registry, { state: 'queued', ...free });
      return;
    }
    const failure = toFailure(error);
    await this.#parts.clockWatch.look();
    const deadlineAt = (await store.findPush(push.id))?.push.deadlineAt ?? push.deadlineAt;
    const verdict = judgeFailure(failure, { attempts: transfer.attempts, deadlineAt, nowMs: clock.nowMs() });
    await store.updateTransfer(push.id, transfer.registry, { ...verdict, ...free });
    this.#tellFailure(claimed, failure, verdict);
    events.emit({ type: 'transfer.changed', pushId: push.id, registry: transfer.registry, state: verdict.state });
  }

  #congestionControlOf(registry: string): string | null {
    return this.#context.directory.registry(registry)?.target.congestionControl ?? null;
  }

  #tellFailure(claimed: ClaimedLeg, failure: Failure, verdict: ReturnType<typeof judgeFailure>): void {
    const { log } = this.#context;
    const { code, details, message } = failure;
    const facts = { ...factsOf(claimed), code, side: details.side, step: details.step, error: message };
    if (verdict.state === 'failed') log.error({ event: 'transfer failed', ...facts });
    else log.warn({ event: 'transfer waits', ...facts, nextAttemptAt: verdict.nextAttemptAt });
    if (code !== 'internal') return;
    const { cause } = failure;
    log.error({ event: 'defect', ...factsOf(claimed), stack: cause instanceof Error ? cause.stack : failure.stack });
  }

  /** The leg keeps its place until the store has taken its result: taken up again before, it would run twice. */
  async #insist(claimed: ClaimedLeg, record: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#context;
    const { stopping, running } = this.#parts;
    const { push, transfer } = claimed;
    for (;;) {
      try {
        await record();
        running.noteUnrecorded(push.id, transfer.registry, undefined);
        return;
      } catch (error) {
        log.error({ event: 'recording a transfer failed', ...factsOf(claimed), error: toFailure(error).message });
        if (stopping.aborted || isFailure(error, 'push_unknown')) return;
        const nowMs = clock.nowMs();
        running.noteUnrecorded(push.id, transfer.registry, {
          error: toTransferError(toFailure(error).with({ side: 'here', step: 'recording' }), nowMs),
          nextAttemptAt: nowMs + RECORD_AGAIN_MS,
        });
        await clock.sleep(RECORD_AGAIN_MS, stopping).catch(() => {});
      }
    }
  }
}

function factsOf({ push, transfer }: ClaimedLeg): Record<string, unknown> {
  const { registry, attempts } = transfer;
  return { ...pushFacts(push), registry, attempt: attempts };
}
