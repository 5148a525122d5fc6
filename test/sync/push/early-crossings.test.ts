import { expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load-config.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { EarlyBytes } from '../../../src/sync/push/early-bytes.ts';
import { EarlyCrossings } from '../../../src/sync/push/early-crossings.ts';
import { ImageOwners } from '../../../src/sync/push/image-owners.ts';
import type { SyncContext } from '../../../src/sync/push/sync-context.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { renderServiceConfig } from '../../support/service-config.ts';
import { openCopyBench, REPOSITORY } from '../copy/support/copy-bench.ts';

it('an early crossing that finds its blob in place lets go of the upload that was interrupted', async () => {
  await using bench = await openCopyBench();
  const image = await bench.seed({ layers: [{ size: 10_000 }] });
  await bench.copy({ image });
  const [blob] = image.blobs;
  if (blob === undefined) throw new Error('the image has no blobs');
  const { url, storage } = bench.main.registry;
  const id = await storage.startUpload(REPOSITORY, 'sha256');
  const stands = { offset: 0, sentUpTo: 0, updatedAt: 0 };
  const location = `${url}/v2/${REPOSITORY}/blobs/uploads/${id}`;
  await bench.journal.save({ registry: 'main', repository: REPOSITORY, digest: blob.digest, location, ...stands });
  const context: Partial<SyncContext> = {
    world: parseConfig(renderServiceConfig({ registries: { aliyun: { url } } }), '/test/regions.yaml'),
    chosenRelay: () => undefined,
    directory: { registry: () => ({ target: bench.main.target }) } as unknown as SyncContext['directory'],
    journal: bench.journal,
    clock: systemClock,
    log: silentLog,
  };
  const early = new EarlyCrossings(context as SyncContext, new EarlyBytes(), new ImageOwners());
  early.begin(parseRepositoryName(REPOSITORY), { digest: blob.digest, size: blob.bytes.byteLength });
  await expect.poll(() => bench.journal.entries.size).toBe(0);
  expect(await storage.findUpload(REPOSITORY, id)).toBeUndefined();
  await early.close();
});
