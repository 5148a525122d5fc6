import { join } from 'node:path';
import { openDepot } from '../depot/depot.ts';
import type { Depot } from '../depot/depot-port.ts';
import type { BlobArrival } from '../depot/door/door-blobs.ts';
import { type DoorFolder, openDoorFolder } from '../depot/door/door-folder.ts';
import { DoorHolds } from '../depot/door/door-holds.ts';
import { GrowingUploads } from '../depot/door/growing-uploads.ts';
import { dropUnneededParts } from '../depot/drop-unneeded-parts.ts';
import { HashThread } from '../depot/hash-thread.ts';
import type { Clock } from '../kernel/clock.ts';
import type { OpenHash } from '../oci/stream-hash.ts';
import { KnownCodes } from '../pull/known-codes.ts';
import { BlockCodeFile } from '../store/block-code-file.ts';
import type { Store } from '../store/store.ts';
import type { UploadGrowth } from '../sync/copy/growing-upload.ts';
import { ArchivePins } from '../sync/push/archive-pins.ts';
import type { Log } from '../telemetry/log.ts';
import { unplacedAtDoor } from './unplaced-at-door.ts';

export type BlobsOptions = {
  readonly folder: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly limitBytes: number;
  readonly durable: boolean;
  readonly onArrived: BlobArrival;
  /** Who reads uploads at the door before they are whole. */
  readonly growth: () => UploadGrowth;
};

/** All that is kept as bytes, and who needs which of them. The caller closes the depot, the door's folder, and then the codes. */
export type OpenedBlobs = {
  readonly depot: Depot;
  readonly doorFolder: DoorFolder;
  readonly archivePins: ArchivePins;
  readonly openHash: OpenHash;
  readonly knownCodes: KnownCodes;
};

/** Opens the depot and the door's folder in it; parts of blobs that nobody needs any more go. */
export async function openBlobs(options: BlobsOptions): Promise<OpenedBlobs> {
  const { store, clock, limitBytes, durable } = options;
  const folder = join(options.folder, 'depot');
  const archivePins = new ArchivePins();
  const doorHolds = new DoorHolds(() => clock.elapsedMs());
  const onTrouble = (error: string) => options.log.warn({ event: 'codes of blocks not kept', error });
  const knownCodes = new KnownCodes({ shelf: new BlockCodeFile({ folder: options.folder, onTrouble }) });
  const hashThread = new HashThread((digest, codes) => knownCodes.keep(digest, codes));
  const openHash: OpenHash = (algorithm, sizeBytes) => hashThread.open(algorithm, sizeBytes);
  const neededBlobs = async () =>
    new Set([
      ...(await store.pushes.pinnedBlobs()),
      ...archivePins.digests(),
      ...doorHolds.digests(),
      ...(await unplacedAtDoor(doorFolder, store)),
    ]);
  const depot = await openDepot({ folder, limitBytes, neededBlobs, durable, hashThread });
  const doorFolder = await openDoorFolder({
    ...{ folder: join(folder, 'door'), depot, holds: doorHolds, durable, openHash, onArrived: options.onArrived },
    watch: new GrowingUploads({ depot, openHash }, options.growth),
    elapsedMs: () => clock.elapsedMs(),
  });
  await dropUnneededParts(folder, await neededBlobs());
  return { depot, doorFolder, archivePins, openHash, knownCodes };
}
