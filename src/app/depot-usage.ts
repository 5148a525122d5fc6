import type { DepotUsage } from '../api/api-services.ts';
import type { Depot } from '../depot/depot-port.ts';
import type { Store } from '../store/store.ts';

/** The depot as the API shows it: what landed, what lands, and what unfinished pushes hold of it. */
export async function depotUsage(depot: Depot, store: Store): Promise<DepotUsage> {
  const usage = await depot.usage();
  const pinned = await store.pushes.pinnedBlobs();
  let pinnedBytes = 0;
  for (const digest of pinned) pinnedBytes += depot.find(digest)?.sizeBytes ?? 0;
  return {
    limitBytes: usage.limitBytes,
    usedBytes: usage.usedBytes + usage.landingBytes,
    landingBytes: usage.landingBytes,
    pinnedBytes,
    blobs: usage.blobs,
  };
}
