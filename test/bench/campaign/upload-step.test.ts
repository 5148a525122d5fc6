import { expect, test } from 'vitest';
import { samplePatienceMs } from '../../../src/bench/campaign/sample-patience.ts';
import { openUploadStep } from '../../../src/bench/campaign/upload-step.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { openRegistryProvider } from '../../../src/providers/registry-provider.ts';
import { openTestRegistry } from '../../support/registry.ts';

const never = new AbortController().signal;
const ids = { id: 'bench_1.1', campaign: 'bench_1', round: 'bench_1.1' };
const step = { registry: 'singapore', leg: 'upload', payloadBytes: 100_000 } as const;

function openRunner(url: string, patienceMs: () => number) {
  const entry = { key: 'singapore', url, credentials: { kind: 'none' }, internal: true } as const;
  return openUploadStep({
    sampler: {
      open: (_registry, onConnected) =>
        openRegistryProvider(entry, { readSecret: async () => new Secret(''), onConnected }),
      clock: systemClock,
      idleMs: 10,
    },
    registries: [],
    site: 'beijing',
    chunkBytes: () => 65_536,
    patienceMs,
  });
}

test('a sample has a minute, and its size at the slowest rate that is in time for the reference image', () => {
  const rule = { referenceBytes: 150_000_000, deadlineMs: 30 * 60_000 };
  expect([0, 16_000_000, 150_000_000].map((bytes) => samplePatienceMs(bytes, rule) / 1_000)).toEqual([60, 252, 1_860]);
});

test('a registry that takes bytes and says nothing more is a failed sample once time is up', async () => {
  await using registry = await openTestRegistry();
  registry.failNext('PATCH', { stall: true });
  const sample = await openRunner(registry.url, () => 1_500)(step, ids, never);
  expect(sample).toMatchObject({ ok: false, rate: null, error: { code: 'deadline_exceeded' } });
});

test('what fails before its time is up keeps its own class', async () => {
  await using registry = await openTestRegistry();
  registry.failNext('PATCH', { reset: true, afterBytes: 10_000 });
  const sample = await openRunner(registry.url, () => 60_000)(step, ids, never);
  expect(sample).toMatchObject({ ok: false, error: { code: 'connection_lost' } });
});
