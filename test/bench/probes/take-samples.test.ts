import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Sampler } from '../../../src/bench/probes/measure-flow.ts';
import { takeDownload } from '../../../src/bench/probes/take-download.ts';
import { takeUpload } from '../../../src/bench/probes/take-upload.ts';
import { isRecordable } from '../../../src/bench/recorded-measurement.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { parseDigest } from '../../../src/oci/digest.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { openRegistryProvider } from '../../../src/providers/registry-provider.ts';
import { openTestRegistry, type TestRegistry } from '../../support/registry.ts';

const SYSTEM_ALGORITHM =
  process.platform === 'linux' ? readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim() : null;
const repository = parseRepositoryName('entrepot-bench/up');
const order = {
  id: 's_1',
  campaign: 'bench_1',
  site: 'beijing',
  registry: 'singapore',
  round: 'r1',
  payloadBytes: 600_000,
};
const signal = new AbortController().signal;

function samplerOf({ url }: Pick<TestRegistry, 'url'>): Sampler {
  const entry = { key: 'singapore', url, credentials: { kind: 'none' }, internal: true } as const;
  return {
    open: (_registry, onConnected) =>
      openRegistryProvider(entry, { readSecret: async () => new Secret(''), onConnected }),
    clock: systemClock,
    idleMs: 250,
  };
}

test('an upload is measured as it is sent, and the same bytes can be downloaded', async () => {
  await using registry = await openTestRegistry();
  const sampler = samplerOf(registry);
  const { sample, blob } = await takeUpload(
    sampler,
    { ...order, leg: 'upload' },
    { repository, chunkBytes: 262_144, keep: true },
    signal,
  );
  expect(sample).toMatchObject({ ok: true, error: null, leg: 'upload', source: 'benchmark', stalls: 0 });
  expect(isRecordable(sample)).toBe(true);
  expect(registry.count('PATCH')).toBe(3);
  expect(sample.setup.connectMs).toBeGreaterThan(0);
  expect(sample.setup.tlsMs).toBeNull();
  // On a near path the system's own, read from each connection that carried the body.
  expect(sample.congestionControl).toBe(SYSTEM_ALGORITHM);
  expect(sample.idle?.sent).toBeGreaterThanOrEqual(1);
  if (blob === null) throw new Error('nothing was kept');

  const pulled = await takeDownload(sampler, { ...order, leg: 'download' }, { repository, digest: blob }, signal);
  expect(pulled).toMatchObject({ ok: true, bytesFrom: 'received', leg: 'download' });
  // How the far side sends is not known here; over how many connections is.
  expect(pulled).toMatchObject({ connections: 1, congestionControl: null });
});

test('an upload that is not kept leaves nothing behind, and each has other bytes', async () => {
  await using registry = await openTestRegistry();
  const plan = { repository, chunkBytes: 262_144, keep: false };
  const { sample, blob } = await takeUpload(samplerOf(registry), { ...order, leg: 'upload' }, plan, signal);
  expect([sample.ok, blob]).toEqual([true, null]);
  expect(registry.count('PUT')).toBe(0);
  expect(registry.count('DELETE', /uploads/)).toBe(1);
});

test('what breaks is a sample too, with the class of its error', async () => {
  await using registry = await openTestRegistry();
  registry.failNext('PATCH', { reset: true, afterBytes: 100_000 });
  const plan = { repository, chunkBytes: 262_144, keep: true };
  const { sample } = await takeUpload(samplerOf(registry), { ...order, leg: 'upload' }, plan, signal);
  expect(sample).toMatchObject({ ok: false, rate: null, error: { code: 'connection_lost' } });
  expect(isRecordable(sample)).toBe(true);
});

test('a registry that is gone gives a failed sample', async () => {
  const { sample } = await takeUpload(
    samplerOf({ url: 'http://127.0.0.1:9' }),
    { ...order, leg: 'upload' },
    { repository, chunkBytes: 262_144, keep: true },
    signal,
  );
  expect(sample).toMatchObject({ ok: false, rate: null, idle: null, connections: 0 });
  expect(sample.error).toMatchObject({ code: 'connect_failed', step: 'upload start' });
  // Watched for as long as the sample took, a refused connection too.
  expect(sample.localLoad).not.toBeNull();
  expect(isRecordable(sample)).toBe(true);
});

test('a download from a registry that is gone says where it failed', async () => {
  const sample = await takeDownload(
    samplerOf({ url: 'http://127.0.0.1:9' }),
    { ...order, leg: 'download' },
    { repository, digest: parseDigest(`sha256:${'0'.repeat(64)}`) },
    signal,
  );
  expect(sample.error).toMatchObject({ code: 'connect_failed', step: 'blob read' });
  expect(sample).toMatchObject({ ok: false, connections: 0 });
});

test('a registry that refuses the repository gives a failed sample that says so', async () => {
  await using registry = await openTestRegistry();
  registry.failNext('POST', { status: 403 });
  const plan = { repository, chunkBytes: 262_144, keep: false };
  const { sample } = await takeUpload(samplerOf(registry), { ...order, leg: 'upload' }, plan, signal);
  expect(sample).toMatchObject({ ok: false, rate: null, error: { code: 'remote_denied', step: 'upload start' } });
});
