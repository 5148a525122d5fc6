import type { LandedBytes } from './landed-bytes.ts';
import { pushFacts } from './push-facts.ts';
import { pushStateOf } from './push-state.ts';
import type { PushTrees } from './push-trees.ts';
import type { SyncContext } from './sync-context.ts';
import { Turns } from './turns.ts';

/** Brings pushes in line with their legs, one turn at a time for each push. */
export class PushSettler {
  readonly #context: SyncContext;
  readonly #trees: PushTrees;
  readonly #landed: LandedBytes;
  readonly #turns = new Turns();

  constructor(context: SyncContext, trees: PushTrees, landed: LandedBytes) {
    this.#context = context;
    this.#trees = trees;
    this.#landed = landed;
  }

  /** Settles whatever an earlier run may have left between its last leg and its end; answers the registries of the rest. */
  async settleAll(): Promise<ReadonlySet<string>> {
    const { store } = this.#context;
    const registries = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = { limit: 500, ...(cursor === undefined ? {} : { cursor }) };
      const { items, next } = await store.listPushes({ state: 'running' }, page);
      for (const { push, transfers } of items) {
        if (pushStateOf(transfers) !== 'running') await this.settle(push.id);
        else for (const { registry } of transfers) registries.add(registry);
      }
      cursor = next ?? undefined;
    } while (cursor !== undefined);
    return registries;
  }

  /** When the last leg has become final the push is, and its blobs may go. */
  settle(pushId: string): Promise<void> {
    return this.inTurn(pushId, () => this.settleInTurn(pushId));
  }

  /** Changes a push's legs while nobody settles it. `work` must not wait for a leg to end: that one waits for its turn. */
  inTurn<T>(pushId: string, work: () => Promise<T>): Promise<T> {
    return this.#turns.take(pushId, work);
  }

  /** As `settle`, for who has the turn already. */
  async settleInTurn(pushId: string): Promise<void> {
    const { store, events, clock, log } = this.#context;
    const found = await store.findPush(pushId);
    if (found === undefined) return;
    const { push, transfers } = found;
    const state = pushStateOf(transfers);
    if (state === push.state) return;
    if (state === 'running') {
      await store.updatePush(pushId, { state, finishedAt: null });
      events.emit({ type: 'push.changed', pushId });
      return;
    }
    this.#landed.forget(pushId);
    const bytesLanded = this.#trees.landedBytes(pushId);
    this.#trees.forget(pushId);
    // In this order: a push that died in between is still running and settled at the next start, its pins are not kept for ever.
    await store.unpinBlobs(pushId);
    const finishedAt = clock.nowMs();
    await store.updatePush(pushId, { state, finishedAt, ...(bytesLanded === undefined ? {} : { bytesLanded }) });
    log.info({
      event: 'push finished',
      ...pushFacts(push),
      state,
      elapsedMs: finishedAt - push.createdAt,
    });
    if (push.digest === null && push.purpose === 'release')
      events.emit({ type: 'push.withdrawn', pushId, name: push.name, tag: push.tag });
    events.emit({ type: 'push.finished', pushId });
  }
}
