import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forEachAtOnce } from '../../../src/sync/copy/for-each-at-once.ts';
import { Slots } from '../../../src/sync/copy/slots.ts';

const never = new AbortController().signal;
const one = {};

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
      slots.run(
        async () => {
          begun.push(index);
          await opened;
        },
        never,
        one,
      ),
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
    const running = slots.run(
      async () => {
        await first.opened;
        throw new Error('it failed');
      },
      never,
      one,
    );
    const impatient = new AbortController();
    const waiting = slots.run(async () => 'never', impatient.signal, one);
    const last = slots.run(async () => 'ran', never, one);
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
      slots.run(
        async () => {
          begun.push(index);
          await opened;
        },
        never,
        one,
      ),
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

describe('places of several owners', () => {
  /** Blobs of so many chunks each, on a registry that takes one chunk of every blob inside at a time. */
  function openWorld(places: number) {
    const slots = new Slots(places);
    const ended: string[] = [];
    const gates: (() => void)[] = [];
    let running = 0;
    const send = (name: string, owner: object, chunks: number) =>
      slots
        .run(
          async (place) => {
            for (let left = chunks; left > 0; left -= 1) {
              running += 1;
              await new Promise<void>((resolve) => gates.push(resolve));
              running -= 1;
              if (left > 1) await place.giveWay();
            }
          },
          never,
          owner,
        )
        .then(() => ended.push(name));
    return {
      ended,
      send,
      get running() {
        return running;
      },
      /** Everybody inside sends one chunk. */
      async round() {
        expect(running).toBeLessThanOrEqual(places);
        for (const open of gates.splice(0)) open();
        for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
      },
    };
  }

  it.each([1, 2, 3])('a small image comes between the chunks of a large one, with %i places', async (places) => {
    const world = openWorld(places);
    const [large, small] = [{}, {}];
    for (let blob = 0; blob < 8; blob += 1) void world.send(`large ${blob}`, large, 10);
    await world.round();
    for (const blob of ['small 0', 'small 1']) void world.send(blob, small, 1);
    for (let round = 0; round < 5; round += 1) await world.round();
    expect(world.ended).toEqual(['small 0', 'small 1']);
  });

  it('each has its share, whatever comes and goes, and no place is ever lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.record({ owner: fc.nat({ max: 3 }), chunks: fc.integer({ min: 1, max: 5 }) }), { maxLength: 20 }),
        async (places, blobs) => {
          const world = openWorld(places);
          const owners = [{}, {}, {}, {}];
          const all = blobs.map(({ owner, chunks }, nth) => world.send(`${nth}`, owners[owner] ?? {}, chunks));
          for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
          let left = blobs.reduce((sum, { chunks }) => sum + chunks, 0);
          while (left > 0) {
            // As long as anything is left the places are in use.
            expect(world.running).toBe(Math.min(places, blobs.length - world.ended.length));
            left -= world.running;
            await world.round();
          }
          await Promise.all(all);
        },
      ),
    );
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
