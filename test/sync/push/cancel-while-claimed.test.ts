import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openPathHistories } from '../../../src/app/path-histories.ts';
import { openDirectory } from '../../../src/app/registry-directory.ts';
import { parseConfig } from '../../../src/config/load-config.ts';
import { openDepot } from '../../../src/depot/depot.ts';
import { EventBus } from '../../../src/events/event-bus.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { parseTag } from '../../../src/oci/tag.ts';
import { openStore } from '../../../src/store/store.ts';
import { StripeBudget } from '../../../src/sync/copy/stripe-budget.ts';
import { ArchivePins } from '../../../src/sync/push/archive-pins.ts';
import { openPushes } from '../../../src/sync/push/open-pushes.ts';
import type { PushStore } from '../../../src/sync/push/push-store.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { openTestRegistry } from '../../support/registry.ts';
import { seedImage } from '../../support/seed-image.ts';
import { renderServiceConfig } from '../../support/service-config.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { makeImage } from '../../support/test-image.ts';

it('a push that is cancelled between the claim of its leg and its beginning moves nothing and stays cancelled', async () => {
  await using folder = await openTempFolder('claimed');
  await using source = await openTestRegistry();
  await using singapore = await openTestRegistry();
  await seedImage(source, 'team/app', '1', makeImage());
  const world = parseConfig(
    renderServiceConfig({ source, registries: { singapore }, choose: 'singapore' }),
    '/test.yaml',
  );
  const store = await openStore({ folder: folder.path });
  const depot = await openDepot({
    folder: join(folder.path, 'depot'),
    limitBytes: 1_000_000,
    neededBlobs: () => store.pushes.pinnedBlobs(),
    durable: false,
  });
  const directory = openDirectory({
    world,
    readSecret: () => Promise.reject(new Error('no secrets here')),
    clock: systemClock,
    log: silentLog,
  });
  const claimed = Promise.withResolvers<void>();
  const mayBegin = Promise.withResolvers<void>();
  const slowStore: PushStore = {
    ...store.pushes,
    async claimTransfer(claim) {
      const leg = await store.pushes.claimTransfer(claim);
      if (leg !== undefined) {
        claimed.resolve();
        await mayBegin.promise;
      }
      return leg;
    },
  };
  const pushes = openPushes(
    {
      world,
      store: slowStore,
      journal: store.journal,
      depot,
      directory,
      locations: store.locations,
      stripes: new StripeBudget(0),
      histories: openPathHistories({
        store,
        clock: systemClock,
        onError: (error) => {
          throw error;
        },
      }),
      events: new EventBus(),
      clock: systemClock,
      imageNames: () => [],
      doorOrigin: () => {
        throw new Error('nothing was pushed to the service itself');
      },
      chosenRelay: () => 'singapore',
      log: silentLog,
      owner: 'test',
    },
    new ArchivePins(),
  );
  try {
    await pushes.start();
    const { push } = await pushes.accept({
      name: parseRepositoryName('team/app'),
      tag: parseTag('1'),
      source: 'harbor.bj/team/app:1',
    });
    await claimed.promise;
    const cancelled = pushes.cancel(push.id);
    // Long enough for a cancel that does not wait for the claim to have run past it.
    for (let turn = 0; turn < 20; turn += 1) await store.pushes.findPush(push.id);
    mayBegin.resolve();
    expect((await cancelled).push.state).toBe('cancelled');
    await pushes.stop();
    expect((await store.pushes.findPush(push.id))?.push.state).toBe('cancelled');
    expect(singapore.count('PUT')).toBe(0);
  } finally {
    await pushes.stop();
    await depot.close();
    await directory.close();
    await store.close();
  }
});
