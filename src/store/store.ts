import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditStore } from '../access/audit-store.ts';
import type { TokenStore } from '../access/token-store.ts';
import type { BenchmarkStore } from '../bench/campaign/benchmark-store.ts';
import type { ScheduleStore } from '../bench/campaign/schedule-store.ts';
import type { DeskStore } from '../bench/desk/desk-store.ts';
import type { PayloadStore } from '../bench/desk/payload-store.ts';
import type { MeasurementStore } from '../bench/measurement-store.ts';
import type { ChoiceStore } from '../choice/choice-store.ts';
import { type Clock, systemClock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import type { NoticeStore } from '../notify/notice-store.ts';
import type { BlobLocations } from '../sync/copy/blob-locations.ts';
import type { ImageCatalogue } from '../sync/push/image-catalogue.ts';
import type { PushStore, UploadJournal } from '../sync/push/push-store.ts';
import { DATABASE_FILE, WRITTEN_AFTER } from './database-file.ts';
import { isMigrated, migrate } from './migrate.ts';
import { ALL_MIGRATIONS } from './migrations/all-migrations.ts';
import { unpinOrphans } from './pinned-blobs.ts';
import type { RetentionStore } from './retention-store.ts';
import { sqlAuditStore } from './sql-audit-store.ts';
import { sqlBenchmarkStore } from './sql-benchmark-store.ts';
import { sqlBlobLocations } from './sql-blob-locations.ts';
import { sqlChoiceStore } from './sql-choice-store.ts';
import { sqlDeskStore } from './sql-desk-store.ts';
import { sqlImageCatalogue } from './sql-image-catalogue.ts';
import { sqlMeasurementStore } from './sql-measurement-store.ts';
import { sqlNoticeStore } from './sql-notice-store.ts';
import { sqlPayloadStore } from './sql-payload-store.ts';
import { sqlPushStore } from './sql-push-store.ts';
import { sqlRetentionStore } from './sql-retention-store.ts';
import { sqlScheduleStore } from './sql-schedule-store.ts';
import { sqlTokenStore } from './sql-token-store.ts';
import { sqlUploadJournal } from './sql-upload-journal.ts';
import { toStoreFailure } from './sqlite-failure.ts';
import { createSqliteFile, existsSqliteFile, openSqliteFile, openSqliteReader } from './sqlite-file.ts';
import { openQueries, storeDatabase } from './store-database.ts';
import { beginWholeCheck } from './whole-check.ts';

/** All that the service remembers, as the ports that its rooms own. */
export type Store = {
  readonly pushes: PushStore;
  readonly journal: UploadJournal;
  readonly locations: BlobLocations;
  readonly images: ImageCatalogue;
  readonly choices: ChoiceStore;
  readonly measurements: MeasurementStore;
  readonly tokens: TokenStore;
  readonly audit: AuditStore;
  readonly notices: NoticeStore;
  readonly retention: RetentionStore;
  /**
   * Resolves once all of the database was read and found whole; rejects with `data_unusable`. Nothing may be promised
   * to anybody before. A small database is whole when it is open.
   */
  readonly whole: Promise<void>;
  readonly benchmarks: BenchmarkStore;
  readonly desk: DeskStore;
  readonly payloads: PayloadStore;
  readonly schedules: ScheduleStore;
  /** Waits for what was begun; later calls reject with `not_ready`. */
  close(): Promise<void>;
};

/**
 * Opens `entrepot.db` in the data folder, making both when there are none, and brings its schema up to date. The
 * caller holds the folder's lock. Throws `data_unusable` for a database that is damaged, not ours, not writable or
 * written by a newer version, and `disk_full`; nothing is ever started afresh over what is there.
 */
export async function openStore(options: {
  folder: string;
  clock?: Clock;
  /** A check that was begun before; without it the store begins one itself. */
  whole?: Promise<void> | undefined;
  /** Up to this size the database is read through before anything else; above, beside it. */
  checkedAtOnceBytes?: number;
}): Promise<Store> {
  const file = join(options.folder, DATABASE_FILE);
  const { nowMs } = options.clock ?? systemClock;
  if (!existsSqliteFile(file)) {
    requireNeverUsed(options.folder);
    await createSqliteFile(file, async (connection) => {
      await migrate(openQueries(connection), ALL_MIGRATIONS, nowMs);
    });
  }
  const begun = options.whole ?? beginWholeCheck(options.folder, options.checkedAtOnceBytes);
  const isChecked = begun === undefined;
  const connection = openSqliteFile(file, { isChecked });
  try {
    let whole = begun ?? Promise.resolve();
    // What may be damaged is not written to.
    if (!(await isMigrated(openQueries(connection), ALL_MIGRATIONS))) {
      await whole;
      await migrate(openQueries(connection), ALL_MIGRATIONS, nowMs);
    }
    const database = storeDatabase(connection);
    whole = whole.then(() => database.change('forgetting unfinished archives', unpinOrphans));
    if (isChecked) await whole;
    else whole.catch(() => {});
    const reader = openSqliteReader(file);
    return {
      pushes: sqlPushStore(database),
      journal: sqlUploadJournal(database),
      locations: sqlBlobLocations(database),
      images: sqlImageCatalogue(database, reader),
      choices: sqlChoiceStore(database),
      measurements: sqlMeasurementStore(database),
      tokens: sqlTokenStore(database),
      audit: sqlAuditStore(database),
      notices: sqlNoticeStore(database),
      retention: sqlRetentionStore(database),
      whole,
      benchmarks: sqlBenchmarkStore(database),
      desk: sqlDeskStore(database),
      payloads: sqlPayloadStore(database),
      schedules: sqlScheduleStore(database),
      async close() {
        if (!isChecked) await whole.catch(() => {});
        reader.close();
        await database.close();
      },
    };
  } catch (error) {
    connection.close();
    throw toStoreFailure(error, `opening the database ${file}`);
  }
}

/** A database that went missing is not made anew: all that was promised to anybody is in it. */
function requireNeverUsed(folder: string): void {
  const trace = WRITTEN_AFTER.find((name) => existsSync(join(folder, name)));
  if (trace === undefined) return;
  throw new Failure(
    'data_unusable',
    `the data folder ${folder} was in use (${trace} is there), but its database ${DATABASE_FILE} is missing; put it back, restore a backup with "entrepot restore", or start on an empty folder`,
  );
}
