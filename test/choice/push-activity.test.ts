import { describe, expect, it } from 'vitest';
import { PushActivity, type PushSummary } from '../../src/choice/push-activity.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import { ALL_PLATFORMS, platformSetOf } from '../../src/oci/platform-set.ts';
import { digestFor, release } from './sample-release.ts';

const { name, tag } = release('team/app:1', 'a', 'psh_1');
const digest = digestFor('a');
const content = { name, sourceDigest: digest, platformSet: ALL_PLATFORMS };

type Leg = PushSummary['transfers'][number]['state'];

function push(id: string, korea: Leg, state: PushSummary['state'] = 'running'): PushSummary {
  return { id, name, digest, platformSet: ALL_PLATFORMS, state, transfers: [{ registry: 'korea', state: korea }] };
}

function openActivity(...pushes: PushSummary[]) {
  const stored = new Map(pushes.map((each) => [each.id, each]));
  const events = new EventBus();
  const errors: unknown[] = [];
  const reads: string[] = [];
  const loading = Promise.withResolvers<void>();
  const source = {
    runningPushes: async () => {
      const running = [...stored.values()].filter((each) => each.state === 'running');
      await loading.promise;
      return running;
    },
    findPush: async (id: string) => {
      reads.push(id);
      if (id === 'psh_broken') throw new Error('busy');
      return stored.get(id);
    },
  };
  const activity = new PushActivity({ source, events, onError: (error) => errors.push(error) });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const found = () => {
    const { push: found, isBringing } = activity.findFor(content, 'korea') ?? {};
    return found && `${found.id} ${isBringing}`;
  };
  const store = (each: PushSummary) => stored.set(each.id, each);
  return { events, errors, reads, loading, activity, settle, found, store };
}

describe('what is known of pushes', () => {
  it('is what is under way, from the start', async () => {
    const { activity, loading, found } = openActivity(push('psh_1', 'waiting'), push('psh_0', 'failed', 'failed'));
    loading.resolve();
    await activity.load();
    expect(found()).toBe('psh_1 true');
    expect(activity.findFor(content, 'japan')).toBeUndefined();
    expect(activity.findFor({ ...content, platformSet: platformSetOf(['linux/arm64']) }, 'korea')).toBeUndefined();
  });

  it('does not take back what an event said while it was read', async () => {
    const { activity, loading, events, settle, store, found } = openActivity(push('psh_1', 'running'));
    const loaded = activity.load();
    store(push('psh_1', 'placed', 'placed'));
    events.emit({ type: 'push.finished', pushId: 'psh_1' });
    await settle();
    loading.resolve();
    await loaded;
    expect(found()).toBeUndefined();
  });

  it('follows each push, reading once for many events and again for those that came meanwhile', async () => {
    const { events, reads, settle, store, found } = openActivity();
    store(push('psh_1', 'queued'));
    events.emit({ type: 'push.accepted', pushId: 'psh_1', ...content, tag, digest, at: 1, release: true });
    for (let at = 0; at < 10; at += 1)
      events.emit({ type: 'transfer.changed', pushId: 'psh_1', registry: 'korea', state: 'running' });
    events.emit({ type: 'transfer.progress', pushId: 'psh_1', registry: 'korea' });
    await settle();
    expect([found(), reads.length]).toEqual(['psh_1 true', 2]);
    store(push('psh_1', 'placed', 'placed'));
    events.emit({ type: 'push.finished', pushId: 'psh_1' });
    await settle();
    expect(found()).toBeUndefined();
  });

  it('prefers one that is bringing to a newer that has failed, and the newer of two', async () => {
    const { events, settle, store, found } = openActivity();
    store(push('psh_3', 'failed', 'failed'));
    store(push('psh_2', 'failed', 'partial'));
    store(push('psh_1', 'verifying'));
    for (const pushId of ['psh_3', 'psh_2']) events.emit({ type: 'push.finished', pushId });
    await settle();
    expect(found()).toBe('psh_3 false');
    events.emit({ type: 'push.changed', pushId: 'psh_1' });
    await settle();
    expect(found()).toBe('psh_1 true');
  });

  it('keeps no more than a thousand that have ended', async () => {
    const { activity, events, settle, store } = openActivity();
    for (let at = 0; at < 1_002; at += 1) {
      store(push(`psh_${at}`, 'failed', 'failed'));
      events.emit({ type: 'push.finished', pushId: `psh_${at}` });
      await Promise.resolve();
    }
    await settle();
    expect([0, 1, 2, 1_001].map((at) => activity.find(`psh_${at}`) !== undefined)).toEqual([false, false, true, true]);
  });

  it('survives what cannot be read, and hears nothing once closed', async () => {
    const { activity, events, errors, reads, settle } = openActivity();
    activity.refresh('psh_broken');
    await settle();
    expect(errors).toMatchObject([{ message: 'busy' }]);
    activity.refresh('psh_broken');
    activity.close();
    events.emit({ type: 'push.changed', pushId: 'psh_1' });
    await settle();
    expect(reads).toEqual(['psh_broken', 'psh_broken']);
  });
});
