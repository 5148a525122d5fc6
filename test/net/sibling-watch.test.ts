import { expect, it } from 'vitest';
import { type Sibling, SiblingWatch } from '../../src/net/sibling-watch.ts';

const WINDOW = 8_000;

type Path = { rate: number; isHeldUp?: boolean; exchange?: object };

/** Connections that move so many bytes a second each, and which of them were given up. */
function openPaths(paths: Path[]) {
  let nowMs = 0;
  const watch = new SiblingWatch(WINDOW, () => nowMs);
  const connections = paths.map(() => ({ bytes: 0 }));
  const replaced: number[] = [];
  return {
    paths,
    replaced,
    pass(seconds: number) {
      for (let n = 0; n < seconds; n += 1) {
        nowMs += 1_000;
        const siblings = paths.map((path, index): Sibling => {
          const connection = connections[index] ?? { bytes: 0 };
          connection.bytes += path.rate;
          return {
            connection,
            exchange: path.exchange ?? connection,
            acknowledgedBytes: connection.bytes,
            isHeldUp: path.isHeldUp ?? true,
            replace: () => replaced.push(index),
          };
        });
        watch.look(siblings);
      }
    },
  };
}

it('gives up the connection that moves less than an eighth of the middle one of the others, after a whole window', () => {
  const { pass, replaced } = openPaths([{ rate: 100 }, { rate: 5 }, { rate: 90 }]);
  pass(8);
  expect(replaced).toEqual([]);
  pass(1);
  expect(replaced).toEqual([1]);
});

it.each([
  ['one alone', [{ rate: 1 }]],
  ['all are as slow', [{ rate: 5 }, { rate: 5 }, { rate: 6 }]],
  ['it is only some times slower', [{ rate: 100 }, { rate: 15 }, { rate: 90 }]],
  ['it waits for what is to be sent', [{ rate: 100 }, { rate: 5, isHeldUp: false }, { rate: 90 }]],
  ['one is much faster than all others', [{ rate: 1_000 }, { rate: 50 }, { rate: 50 }]],
])('leaves it alone where %s', (_, paths) => {
  const { pass, replaced } = openPaths(paths);
  pass(60);
  expect(replaced).toEqual([]);
});

it('gives a chunk that has just begun its time', () => {
  const world = openPaths([{ rate: 100 }, { rate: 5 }]);
  for (let n = 0; n < 10; n += 1) {
    Object.assign(world.paths[1] ?? {}, { exchange: {} });
    world.pass(6);
  }
  expect(world.replaced).toEqual([]);
});

it('replaces one at a time, and rests after each', () => {
  const { pass, replaced } = openPaths([{ rate: 100 }, { rate: 5 }, { rate: 100 }, { rate: 4 }, { rate: 100 }]);
  pass(9 + 31);
  expect(replaced).toHaveLength(1);
  pass(10);
  expect(replaced).toHaveLength(2);
});
