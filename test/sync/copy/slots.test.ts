import { describe, expect, it } from 'vitest';
import { forEachAtOnce } from '../../../src/sync/copy/for-each-at-once.ts';
import { Slots } from '../../../src/sync/copy/slots.ts';

const never = new AbortController().signal;

function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('slots', () => {
  it('runs as many at once as there are places, in order of arrival', async () => {
    const slots = new Slots(2);
    const gates = [gate(), gate(), gate()];
    const begun: number[] = [];
    const runs = gates.map(({ opened }, index) =>
      slots.run(async () => {
        begun.push(index);
        await opened;
      }, never),
    );
    await Promise.resolve();
    expect(begun).toEqual([0, 1]);
    gates[1]?.open();
    await runs[1];
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2]);
    for (const { open } of gates) open();
    await Promise.all(runs);
  });

  it('gives the place of one that failed, or gave up waiting, to the next', async () => {
    const slots = new Slots(1);
    const first = gate();
    const running = slots.run(async () => {
      await first.opened;
      throw new Error('it failed');
    }, never);
    const impatient = new AbortController();
    const waiting = slots.run(async () => 'never', impatient.signal);
    const last = slots.run(async () => 'ran', never);
    impatient.abort(new Error('gave up'));
    await expect(waiting).rejects.toThrow('gave up');
    first.open();
    await expect(running).rejects.toThrow('it failed');
    await expect(last).resolves.toBe('ran');
  });

  it('admits who waits when places are added, and lets who is inside finish when they are taken away', async () => {
    const slots = new Slots(1);
    const gates = [gate(), gate(), gate(), gate()];
    const begun: number[] = [];
    const runs = gates.map(({ opened }, index) =>
      slots.run(async () => {
        begun.push(index);
        await opened;
      }, never),
    );
    await Promise.resolve();
    expect(begun).toEqual([0]);
    slots.resize(3);
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2]);
    slots.resize(1);
    gates[0]?.open();
    gates[1]?.open();
    await Promise.all([runs[0], runs[1]]);
    expect(begun).toEqual([0, 1, 2]);
    gates[2]?.open();
    await runs[2];
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2, 3]);
    gates[3]?.open();
    await runs[3];
  });
});

describe('doing something for each at once', () => {
  it('stops the others at the first failure and throws that one, once all have ended', async () => {
    const ended: number[] = [];
    const work = forEachAtOnce([1, 2, 3, 4], 2, never, async (item, signal) => {
      if (item === 1) throw new Error('the first');
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      ended.push(item);
    });
    await expect(work).rejects.toThrow('the first');
    expect(ended).toEqual([2]);
  });
});
