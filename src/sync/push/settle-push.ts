import { pushStateOf } from './push-state.ts';
import type { PushTrees } from './push-trees.ts';
import type { SyncContext } from './sync-context.ts';

/** Brings a push's state in line with its legs; when the last leg has become final the push is, and its blobs may go. */
export async function settlePush(context: SyncContext, pushId: string, trees: PushTrees): Promise<void> {
  const { store, events, clock, log } = context;
  const found = await store.findPush(pushId);
  if (found === undefined) return;
  const { push, transfers } = found;
  const state = pushStateOf(transfers);
  if (state === push.state) return;
  const isFinal = state !== 'running';
  const finishedAt = isFinal ? clock.nowMs() : null;
  await store.updatePush(pushId, { state, finishedAt });
  if (!isFinal) {
    events.emit({ type: 'push.changed', pushId });
    return;
  }
  trees.forget(pushId);
  await store.unpinBlobs(pushId);
  log.info({
    event: 'push finished',
    push: pushId,
    image: `${push.name}:${push.tag}`,
    state,
    elapsedMs: (finishedAt ?? push.createdAt) - push.createdAt,
  });
  if (push.digest === null && push.purpose === 'release')
    events.emit({ type: 'push.withdrawn', pushId, name: push.name, tag: push.tag });
  events.emit({ type: 'push.finished', pushId });
}
