import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { openApi } from '../../src/api/open-api.ts';
import { pushEvents } from '../../src/api/push-events.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import type { LivePush, LiveTransfer } from '../../src/sync/push/pushes.ts';
import { fakeServices } from './api-fakes.ts';
import { FakeClock } from './fake-clock.ts';
import { livePush } from './samples.ts';

type Told = { id: number; event: string; data: Record<string, unknown> };

/** A bus that counts who listens. */
class CountingBus extends EventBus {
  listeners = 0;
  override on(...args: Parameters<EventBus['on']>): () => void {
    this.listeners += 1;
    const off = super.on(...args);
    return () => {
      this.listeners -= 1;
      off();
    };
  }
}

function watch(lastEventId?: string) {
  const clock = new FakeClock();
  const events = new CountingBus();
  const state = { live: livePush() as LivePush | undefined, looks: 0 };
  const pushes = {
    find: async () => {
      state.looks += 1;
      return state.live;
    },
  };
  const stop = new AbortController();
  const pieces = pushEvents({ pushes, events, clock }, 'push_1', lastEventId, stop.signal);
  const next = async () => (await pieces.next()).value ?? 'over';
  const told = async (): Promise<Told> => {
    const [, id, event, data] = /^id: (\d+)\nevent: (\w+)\ndata: (.*)\n\n$/.exec(await next()) ?? [];
    return { id: Number(id), event: event ?? '', data: JSON.parse(data ?? 'null') };
  };
  const leg = (change: Partial<LiveTransfer>) => {
    state.live = livePush({}, [change]);
  };
  const hint = (type: 'transfer.progress' | 'push.changed', pushId = 'push_1') =>
    events.emit(type === 'push.changed' ? { type, pushId } : { type, pushId, registry: 'singapore' });
  return { clock, events, state, stop, pieces, next, told, leg, hint };
}

/** Lets everything that is due run. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('pushEvents', () => {
  it('tells the push first, then what changes, and ends when it is final', async () => {
    const { state, told, next, leg, hint, events } = watch();
    expect(await next()).toBe('retry: 2000\n\n');
    expect(await told()).toMatchObject({
      id: 1,
      event: 'push',
      data: { id: 'push_1', transfers: [{ registry: 'singapore' }] },
    });
    leg({ state: 'verifying' });
    hint('push.changed');
    expect(await told()).toMatchObject({
      id: 2,
      event: 'transfer',
      data: { push: 'push_1', registry: 'singapore', state: 'verifying' },
    });
    state.live = livePush({ state: 'placed' }, [{ state: 'placed' }]);
    hint('push.changed');
    expect(await told()).toMatchObject({ id: 3, event: 'transfer', data: { state: 'placed' } });
    expect(await told()).toMatchObject({ id: 4, event: 'push', data: { state: 'placed' } });
    expect(await told()).toMatchObject({ id: 5, event: 'end', data: { push: 'push_1', state: 'placed' } });
    expect(await next()).toBe('over');
    expect(events.listeners).toBe(0);
  });

  it.each([
    ['17', 18],
    ['garbage', 1],
    ['99999999999999999999', 1],
    [undefined, 1],
  ])('goes on behind the id %s with %i and the present push', async (lastEventId, id) => {
    const { state, told, next } = watch(lastEventId);
    state.live = livePush({ state: 'failed' });
    await next();
    expect(await told()).toMatchObject({ id, event: 'push' });
    expect(await told()).toMatchObject({ id: id + 1, event: 'end' });
  });

  it('tells progress at most four times a second, and the last of it in the end', async () => {
    const { clock, told, next, leg, hint } = watch();
    await next();
    await told();
    const seen: unknown[] = [];
    const reading = (async () => {
      for (let i = 0; i < 4; i += 1) {
        const { event, data } = await told();
        seen.push([clock.elapsedMs(), event, data.bytesSent]);
      }
    })();
    for (let bytesSent = 41; bytesSent <= 60; bytesSent += 1) {
      clock.advance(50);
      leg({ bytesSent });
      hint('transfer.progress');
      await settle();
    }
    await reading;
    expect(seen).toEqual([
      [250, 'progress', 45],
      [500, 'progress', 50],
      [750, 'progress', 55],
      [1_000, 'progress', 60],
    ]);
  });

  it('does not look while nobody reads: what happens in between is told as one', async () => {
    const { state, told, next, leg, hint } = watch();
    await next();
    await told();
    const before = state.looks;
    for (let attempts = 2; attempts <= 1_000; attempts += 1) {
      leg({ attempts });
      hint('push.changed');
    }
    await settle();
    expect(state.looks).toBe(before);
    expect(await told()).toMatchObject({ event: 'transfer', data: { attempts: 1_000 } });
  });

  it('hears only of its own push and says every 15 seconds that it is still there', async () => {
    const { clock, told, next, leg, hint } = watch();
    await next();
    await told();
    leg({ attempts: 9 });
    const piece = next();
    hint('push.changed', 'push_2');
    await settle();
    clock.advance(14_999);
    await settle();
    clock.advance(1);
    expect(await piece).toBe(': still here\n\n');
  });

  it('ends when it is aborted while it waits, and when the push is gone', async () => {
    const first = watch();
    await first.next();
    await first.told();
    const waiting = first.next();
    await settle();
    first.stop.abort();
    expect(await waiting).toBe('over');
    expect(first.events.listeners).toBe(0);
    const second = watch();
    await second.next();
    second.state.live = undefined;
    expect(await second.next()).toBe('over');
    expect(second.events.listeners).toBe(0);
  });
});

describe('GET /v1/pushes/{id}/events', () => {
  it('leaves no listener when the reader goes away', async () => {
    const events = new CountingBus();
    const services = fakeServices({ events });
    services.pushes.live.set('push_1', livePush());
    const closing = new AbortController();
    const response = await openApi(services).request('/v1/pushes/push_1/events', {}, { closing: closing.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.read();
    expect(events.listeners).toBe(1);
    const pending = reader?.read();
    await reader?.cancel();
    await pending;
    expect(events.listeners).toBe(0);
    expect(getEventListeners(closing.signal, 'abort')).toEqual([]);
  });

  it('answers HEAD without opening a stream, and an unknown push with a problem', async () => {
    const events = new CountingBus();
    const services = fakeServices({ events });
    services.pushes.live.set('push_1', livePush());
    const app = openApi(services);
    const closing = new AbortController();
    const bindings = { closing: closing.signal };
    expect((await app.request('/v1/pushes/push_1/events', { method: 'HEAD' }, bindings)).status).toBe(200);
    expect((await app.request('/v1/pushes/nope/events', {}, bindings)).status).toBe(404);
    expect(getEventListeners(closing.signal, 'abort')).toEqual([]);
    expect(events.listeners).toBe(0);
  });
});
