import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RUN_BYTES } from '../../../src/bench/flow-diagnosis.ts';
import { diagnoseFlows } from '../../../src/bench/probes/diagnose-flows.ts';
import type { OpenProbeClient } from '../../../src/bench/probes/probe-client.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import type { Connection } from '../../../src/net/connection.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { openRegistryProvider } from '../../../src/providers/registry-provider.ts';
import { openTestRegistry } from '../../support/registry.ts';

const plan = { registry: 'singapore', repository: parseRepositoryName('entrepot-bench/up'), chunkBytes: 4_194_304 };
const never = new AbortController().signal;

/** Whoever rules the machine may use all that the kernel has, others what it allows them (tcp(7)). */
function mayUseCubic(): boolean {
  const list = `/proc/sys/net/ipv4/tcp_${process.getuid?.() === 0 ? 'available' : 'allowed'}_congestion_control`;
  return existsSync(list) && readFileSync(list, 'utf8').trim().split(' ').includes('cubic');
}

function opener(url: string, onConnected: (connection: Connection, flows: number) => void = () => {}): OpenProbeClient {
  const entry = { key: 'singapore', url, credentials: { kind: 'none' }, internal: true } as const;
  return (_registry, note, settings) =>
    openRegistryProvider(entry, {
      readSecret: async () => new Secret(''),
      onConnected: (connection) => {
        note(connection);
        onConnected(connection, settings?.flows ?? 0);
      },
      ...(settings === undefined ? {} : { congestionControl: settings.congestionControl }),
    });
}

test('one connection, then eight at once, each with an upload of its own of which nothing is left', async () => {
  await using registry = await openTestRegistry();
  const found = await diagnoseFlows({ open: opener(registry.url), clock: systemClock }, 'bench_1', plan, never);
  expect(found.error).toBeNull();
  const runs = [found.one, found.eight].map((run) => run ?? { flows: 0, bytes: 0 });
  expect(runs.map(({ flows }) => flows)).toEqual([1, 8]);
  // Beside the body the kernel counts the heads of requests.
  for (const { bytes } of runs) {
    // What the kernel's buffers took counts only once the far side has it.
    expect(bytes).toBeGreaterThan(RUN_BYTES - 100_000);
    expect(bytes).toBeLessThanOrEqual(RUN_BYTES + 100_000);
  }
  expect(registry.count('POST', /uploads/)).toBe(9);
  expect(registry.count('DELETE', /uploads/)).toBe(9);
  expect(registry.count('PUT')).toBe(0);
});

test.skipIf(!mayUseCubic())('every connection has the congestion control of the comparison', async () => {
  await using registry = await openTestRegistry();
  const seen: (string | undefined)[] = [];
  const open = opener(registry.url, (connection) => seen.push(connection.findCongestionControl()));
  const { one, eight } = await diagnoseFlows({ open, clock: systemClock }, 'bench_1', plan, never);
  expect([one?.congestionControl, eight?.congestionControl]).toEqual(['cubic', 'cubic']);
  expect(new Set(seen)).toEqual(new Set(['cubic']));
  expect(one?.retransmittedBytes).not.toBeNull();
});

test('a connection that breaks off is said, and no comparison is made up', async () => {
  await using registry = await openTestRegistry();
  registry.failNext('PATCH', { reset: true, afterBytes: 10_000 });
  const found = await diagnoseFlows({ open: opener(registry.url), clock: systemClock }, 'bench_1', plan, never);
  expect(found).toMatchObject({ one: null, eight: null, error: { code: 'connection_lost' } });
});

test('who gives up gives the sessions back', async () => {
  await using registry = await openTestRegistry();
  const leaving = new AbortController();
  const open = opener(registry.url, (_connection, flows) => {
    if (flows === 8) leaving.abort();
  });
  const taking = diagnoseFlows({ open, clock: systemClock }, 'bench_1', plan, leaving.signal);
  await expect(taking).rejects.toThrow();
  expect(registry.count('POST', /uploads/) - registry.count('DELETE', /uploads/)).toBe(0);
});
