import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { choiceRecord, type Given, openResolveStand } from './resolve-stand.ts';
import { digestFor, placement, release } from './sample-release.ts';

const ask = { image: 'team/app:1.0', cluster: 'us-east-prod' };
const one = release(ask.image, 'one', 'psh_1');
const confirmed = (registry: string) =>
  ({ type: 'placement.confirmed', ...placement('team/app', 'one', registry) }) as const;

async function openWaiting(given: Given = { releases: [one], placements: [placement('team/app', 'one', 'aliyun')] }) {
  const stand = await openResolveStand(given);
  const abort = new AbortController();
  const wait = (timeoutMs = 60_000) => stand.resolver.resolveWaiting(ask, timeoutMs, abort.signal);
  const expectQuiet = () => {
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
    // The recorder's one timer may remain until it is closed.
    expect(stand.clock.sleeping).toBeLessThanOrEqual(1);
  };
  return { ...stand, abort, wait, expectQuiet };
}

describe('waiting for an answer', () => {
  it('answers at once when there is nothing to wait for', async () => {
    const { wait, events, clock, expectQuiet } = await openWaiting();
    events.emit(confirmed('singapore'));
    expect(await wait()).toMatchObject({ state: 'chosen', asOf: clock.nowMs() });
    expect(await wait(0)).toMatchObject({ state: 'chosen' });
    expectQuiet();
  });

  it('waits from not placed to chosen, past other placements', async () => {
    const { wait, events, expectQuiet } = await openWaiting({ releases: [one] });
    const waiting = wait();
    events.emit(confirmed('aliyun'));
    events.emit(confirmed('japan'));
    events.emit(confirmed('singapore'));
    expect(await waiting).toMatchObject({ registry: 'singapore', state: 'chosen' });
    expectQuiet();
  });

  it('ends when the choice moves to where the image is', async () => {
    const { wait, choose, expectQuiet } = await openWaiting({
      releases: [one],
      placements: [placement('team/app', 'one', 'korea')],
    });
    const waiting = wait();
    choose(choiceRecord('*', 'korea'));
    expect(await waiting).toMatchObject({ state: 'chosen', registry: 'korea' });
    expectQuiet();
  });

  it('answers what is true after its time, and never before', async () => {
    const { wait, clock, expectQuiet } = await openWaiting();
    const waiting = wait(1_000);
    await clock.advance(999);
    expect(clock.sleeping).toBe(1);
    await clock.advance(1);
    expect(await waiting).toMatchObject({ state: 'fallback', registry: 'aliyun', asOf: clock.nowMs() });
    expectQuiet();
  });

  it('says after its time that it is placed nowhere', async () => {
    const { wait, clock } = await openWaiting({ releases: [one] });
    const waiting = expect(wait(1_000)).rejects.toMatchObject({
      code: 'not_placed',
      details: { extensions: { push: 'psh_1' } },
    });
    await clock.advance(1_000);
    await waiting;
  });

  it('does not wait for what is unknown, and stops when it becomes unknown', async () => {
    const unknown = await openWaiting({});
    await expect(unknown.wait()).rejects.toMatchObject({ code: 'image_unknown' });
    const { wait, events } = await openWaiting({ releases: [{ ...one, digest: null }] });
    const waiting = wait();
    events.emit({ type: 'push.withdrawn', pushId: one.pushId, name: one.name, tag: one.tag });
    await expect(waiting).rejects.toMatchObject({ code: 'image_unknown' });
  });

  it('follows the tag to a newer push', async () => {
    const { wait, events } = await openWaiting({ releases: [one] });
    const waiting = wait();
    const { name, tag, platformSet } = one;
    const accepted = { pushId: 'psh_2', name, tag, digest: null, platformSet, at: 5_000, release: true };
    events.emit({ type: 'push.accepted', ...accepted });
    events.emit(confirmed('singapore'));
    events.emit({ type: 'push.digest', pushId: 'psh_2', name, tag, digest: digestFor('two') });
    events.emit({ type: 'placement.confirmed', ...placement('team/app', 'two', 'singapore') });
    expect(await waiting).toMatchObject({ sourceDigest: digestFor('two') });
  });

  it('ends with the reason of its signal', async () => {
    const { wait, abort, expectQuiet } = await openWaiting();
    const waiting = wait();
    abort.abort(new Error('the caller left'));
    await expect(waiting).rejects.toThrow('the caller left');
    await expect(wait()).rejects.toThrow('the caller left');
    expectQuiet();
  });

  it('lets all go with what is true when the service ends', async () => {
    const { wait, resolver, expectQuiet } = await openWaiting();
    const waiting = wait();
    resolver.close();
    expect(await waiting).toMatchObject({ state: 'fallback' });
    expectQuiet();
  });

  it('remembers one use however often it was asked again', async () => {
    const { wait, events, recorder, uses } = await openWaiting();
    const waiting = wait();
    events.emit(confirmed('japan'));
    events.emit(confirmed('singapore'));
    await waiting;
    await recorder.close();
    expect(uses).toHaveLength(1);
  });

  it('lets thousands wait on one signal without a warning or a leak', async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on('warning', warn);
    const { wait, events, abort, clock, expectQuiet } = await openWaiting();
    const waiting = Array.from({ length: 5_000 }, () => wait());
    expect(clock.sleeping).toBe(5_000);
    events.emit(confirmed('singapore'));
    const answers = await Promise.all(waiting);
    expect(new Set(answers.map((answer) => answer.state))).toEqual(new Set(['chosen']));
    expectQuiet();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', warn);
    expect(warnings).toEqual([]);
    expect(abort.signal.aborted).toBe(false);
  });
});
