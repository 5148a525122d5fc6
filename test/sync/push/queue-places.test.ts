import { expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load-config.ts';
import { EventBus } from '../../../src/events/event-bus.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { parseTag } from '../../../src/oci/tag.ts';
import { openStore } from '../../../src/store/store.ts';
import { StripeBudget } from '../../../src/sync/copy/stripe-budget.ts';
import { PathHistories } from '../../../src/sync/estimate/path-histories.ts';
import { ArchivePins } from '../../../src/sync/push/archive-pins.ts';
import { openPushes } from '../../../src/sync/push/open-pushes.ts';
import type { SyncContext } from '../../../src/sync/push/sync-context.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { samplePush, sampleTransfer } from '../../conformance/push-samples.ts';
import { renderServiceConfig } from '../../support/service-config.ts';
import { openTempFolder } from '../../support/temp-folder.ts';

const REGISTRIES = ['singapore', 'japan'];
const PUSHES = 60;
const RUN_MS = 10_000;

it('a list of pushes asks the store once a registry what stands before its queued legs, and estimates each by it', async () => {
  await using folder = await openTempFolder('queue');
  const store = await openStore({ folder: folder.path });
  const url = 'http://127.0.0.1:9';
  const world = parseConfig(
    renderServiceConfig({ registries: Object.fromEntries(REGISTRIES.map((name) => [name, { url }])) }),
    '/test.yaml',
  );
  const run = { at: Date.now(), bytes: 1_000_000, headMs: 0, moveMs: RUN_MS, tailMs: 0 };
  const histories = new PathHistories(
    { finishedRuns: async () => [run], measuredRuns: async () => [] },
    systemClock,
    () => {},
  );
  await histories.load(REGISTRIES);
  for (let n = 0; n < PUSHES; n += 1) {
    const id = `push_${String(n).padStart(3, '0')}`;
    const push = samplePush({ id, tag: parseTag(`v${n}`), createdAt: n });
    await store.pushes.createPush(
      push,
      REGISTRIES.map((registry) => sampleTransfer(id, { registry })),
    );
  }
  const asked: [string, number][] = [];
  const counting = {
    ...store.pushes,
    countQueuedBefore: (registry: string, pushIds: readonly string[]) => {
      asked.push([registry, pushIds.length]);
      return store.pushes.countQueuedBefore(registry, pushIds);
    },
  };
  const context = {
    ...{ world, store: counting, histories, events: new EventBus(), clock: systemClock, log: silentLog },
    ...{ stripes: new StripeBudget(0), directory: { registry: () => undefined, source: () => undefined }, owner: 'me' },
  };
  // What begins legs is not started.
  const pushes = openPushes(context as unknown as SyncContext, new ArchivePins());
  const { items } = await pushes.list({}, { limit: 50 });
  expect(asked.sort()).toEqual(REGISTRIES.map((registry) => [registry, 50]).sort());
  // Newest first, so each waits for one less than the one above it: a place takes a run, and there are so many places.
  const waits = items.map(({ transfers }) => transfers.map(({ expected }) => expected?.medianMs));
  const places = world.limits.transfersPerRegistry;
  const expected = items.map((_, row) => (Math.floor((PUSHES - 1 - row) / places) + 1) * RUN_MS);
  expect(waits).toEqual(expected.map((ms) => [ms, ms]));
  asked.length = 0;
  await pushes.find('push_007');
  expect(asked.sort()).toEqual(REGISTRIES.map((registry) => [registry, 1]).sort());
  await store.close();
});
