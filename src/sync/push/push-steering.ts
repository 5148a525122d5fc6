import { Failure } from '../../kernel/failure.ts';
import type { Dispatcher } from './dispatcher.ts';
import { getPush } from './get-push.ts';
import type { PushRecord, TransferRecord } from './push-record.ts';
import type { PushRecorder } from './push-recorder.ts';
import { FINAL_TRANSFER_STATES } from './push-state.ts';
import type { RunningLegs } from './running-legs.ts';
import type { SyncContext } from './sync-context.ts';
import { cancellation } from './transfer-verdict.ts';
import { Turns } from './turns.ts';

/** What people do to pushes under way. Legs change hands only while nobody claims them. */
export class PushSteering {
  readonly #context: SyncContext;
  readonly #dispatcher: Dispatcher;
  readonly #running: RunningLegs;
  readonly #recorder: PushRecorder;
  readonly #turns = new Turns();

  constructor(context: SyncContext, dispatcher: Dispatcher, running: RunningLegs, recorder: PushRecorder) {
    this.#context = context;
    this.#dispatcher = dispatcher;
    this.#running = running;
    this.#recorder = recorder;
  }

  cancel(id: string): Promise<void> {
    return this.#turns.take(id, () => this.#cancel(id));
  }

  retry(id: string): Promise<void> {
    return this.#turns.take(id, () => this.#retry(id));
  }

  async #cancel(id: string): Promise<void> {
    const { store, events } = this.#context;
    const { push, transfers } = await getPush(store, id);
    if (push.state !== 'running') throw new Failure('already_finished', `push ${id} is ${push.state} already`);
    const open = transfers.filter(({ state }) => !FINAL_TRANSFER_STATES.has(state));
    const cancelLeg = async (registry: string) => {
      const running = this.#running.find(id, registry);
      running?.stop.abort(cancellation());
      await running?.ended;
      // It may have become final meanwhile; what is placed stays placed.
      if (FINAL_TRANSFER_STATES.has((await this.#getLeg(id, registry)).state)) return;
      const free = { nextAttemptAt: null, leaseOwner: null, leaseUntil: null };
      await store.updateTransfer(id, registry, { state: 'cancelled', ...free });
      events.emit({ type: 'transfer.changed', pushId: id, registry, state: 'cancelled' });
    };
    await Promise.all(open.map(({ registry }) => this.#dispatcher.holdClaims(registry, () => cancelLeg(registry))));
    await this.#dispatcher.settler.settle(id);
  }

  async #retry(id: string): Promise<void> {
    const { store } = this.#context;
    const { push } = await getPush(store, id);
    const again = await this.#dispatcher.settler.inTurn(id, () => this.#queueAgain(push));
    // A push that had ended without a digest names its tag again.
    if (push.state !== 'running' && push.purpose === 'release' && push.digest === null)
      this.#recorder.tellAccepted(await getPush(store, id));
    for (const registry of again) this.#dispatcher.wake(registry);
  }

  /** Returns the registries of the legs that were queued. */
  async #queueAgain({ id }: PushRecord): Promise<readonly string[]> {
    const { store, events, clock, world } = this.#context;
    const again = (await getPush(store, id)).transfers.filter(mayGoAgain);
    if (again.length === 0)
      throw new Failure('already_finished', `push ${id} has no leg that failed, was cancelled or waits`);
    await store.updatePush(id, { deadlineAt: clock.nowMs() + world.limits.deadlineMs });
    for (const { registry } of again) {
      await this.#dispatcher.holdClaims(registry, async () => {
        // One that waited may have been taken up meanwhile.
        if (!mayGoAgain(await this.#getLeg(id, registry))) return;
        await store.updateTransfer(id, registry, { state: 'queued', nextAttemptAt: null, error: null });
        events.emit({ type: 'transfer.changed', pushId: id, registry, state: 'queued' });
      });
    }
    await this.#dispatcher.settler.settleInTurn(id);
    return again.map(({ registry }) => registry);
  }

  async #getLeg(id: string, registry: string): Promise<TransferRecord> {
    const leg = (await getPush(this.#context.store, id)).transfers.find((each) => each.registry === registry);
    if (leg === undefined) throw new Failure('push_unknown', `push ${id} has no transfer to ${registry}`);
    return leg;
  }
}

function mayGoAgain({ state }: TransferRecord): boolean {
  return state === 'failed' || state === 'cancelled' || state === 'waiting';
}
