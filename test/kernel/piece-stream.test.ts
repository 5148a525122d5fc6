import { expect, it } from 'vitest';
import { closingPieces } from '../../src/kernel/piece-stream.ts';

const piece = (n: number) => new Uint8Array([n]);

/** Gives 1, 2 and 3, or what `meanwhile` does after 1; `told` hears what becomes of it. */
function open({ meanwhile, first = false }: { meanwhile?: () => Promise<void>; first?: boolean } = {}) {
  const told: string[] = [];
  async function* count(): AsyncGenerator<Uint8Array, void> {
    try {
      yield piece(1);
      await meanwhile?.();
      yield piece(2);
      yield piece(3);
    } finally {
      told.push('ended');
    }
  }
  const generator = count();
  const open = async () =>
    closingPieces(generator, () => told.push('closed'), first ? await generator.next() : undefined);
  return { told, open };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

it.each([false, true])(
  'gives what the generator gives and closes once at its end (first piece taken before: %s)',
  async (first) => {
    const { told, open: openStream } = open({ first });
    const stream = await openStream();
    expect(await Array.fromAsync(stream, ([n]) => n)).toEqual([1, 2, 3]);
    stream.destroy();
    await settle();
    expect(told).toEqual(['ended', 'closed']);
  },
);

it('closes when the generator fails', async () => {
  const { told, open: openStream } = open({ meanwhile: () => Promise.reject(new Error('the disk')) });
  await expect(Array.fromAsync(await openStream())).rejects.toThrow('the disk');
  expect(told).toEqual(['ended', 'closed']);
});

it('closes when whoever takes the pieces stops', async () => {
  const { told, open: openStream } = open();
  for await (const _ of await openStream()) break;
  await settle();
  expect(told).toEqual(['closed', 'ended']);
});

it.each([false, true])(
  'closes when it is given up before anything was taken (but by whom it comes from: %s)',
  async (first) => {
    const { told, open: openStream } = open({ first });
    const stream = await openStream();
    stream.destroy();
    await settle();
    expect(told).toEqual(first ? ['closed', 'ended'] : ['closed']);
    expect(await Array.fromAsync(stream)).toEqual([]);
  },
);

it('what it is waiting for hears at once that it is given up', async () => {
  const stopped = new AbortController();
  const waiting = () =>
    new Promise<void>((_, reject) => stopped.signal.addEventListener('abort', () => reject(stopped.signal.reason)));
  async function* slow(): AsyncGenerator<Uint8Array, void> {
    yield piece(1);
    await waiting();
  }
  const stream = closingPieces(slow(), () => stopped.abort());
  const taking = Array.fromAsync(stream);
  await settle();
  stream.destroy();
  await expect(taking).rejects.toThrow(/aborted/);
});
