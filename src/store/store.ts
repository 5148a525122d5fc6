import { join } from 'node:path';
import type { MeasurementStore } from '../bench/measurement-store.ts';
import type { ChoiceStore } from '../choice/choice-store.ts';
import { type Clock, systemClock } from '../kernel/clock.ts';
import type { BlobLocations } from '../sync/copy/blob-locations.ts';
import type { ImageCatalogue } from '../sync/push/image-catalogue.ts';
import type { PushStore, UploadJournal } from '../sync/push/push-store.ts';
import { DATABASE_FILE } from './database-file.ts';
import { migrate } from './migrate.ts';
import { ALL_MIGRATIONS } from './migrations/all-migrations.ts';
import { unpinOrphans } from './pinned-blobs.ts';
import { sqlBlobLocations } from './sql-blob-locations.ts';
import { sqlChoiceStore } from './sql-choice-store.ts';
import { sqlImageCatalogue } from './sql-image-catalogue.ts';
import { sqlMeasurementStore } from './sql-measurement-store.ts';
import { sqlPushStore } from './sql-push-store.ts';
import { sqlUploadJournal } from './sql-upload-journal.ts';
import { toStoreFailure } from './sqlite-failure.ts';
import { copySqliteFile, createSqliteFile, existsSqliteFile, openSqliteFile, openSqliteReader } from './sqlite-file.ts';
import { openQueries, storeDatabase } from './store-database.ts';

/** All that the service remembers, as the ports that its rooms own. */
export type Store = {
  readonly pushes: PushStore;
  readonly journal: UploadJournal;
  readonly locations: BlobLocations;
  readonly images: ImageCatalogue;
  readonly choices: ChoiceStore;
  readonly measurements: MeasurementStore;
  /** Waits for what was begun; later calls reject with `not_ready`. */
  close(): Promise<void>;
  /** Writes a whole copy to `file` while the service goes on; an earlier file of that name is replaced at the end. */
  backup(file: string): Promise<void>;
};

/**
 * Opens `entrepot.db` in the data folder, making both when there are none, and brings its schema up to date. The
 * caller holds the folder's lock. Throws `data_unusable` for a database that is damaged, not ours, not writable or
 * written by a newer version, and `disk_full`; nothing is ever started afresh over what is there.
 */
export async function openStore(options: { folder: string; clock?: Clock }): Promise<Store> {
  const file = join(options.folder, DATABASE_FILE);
  const { nowMs } = options.clock ?? systemClock;
  if (!existsSqliteFile(file)) {
    await createSqliteFile(file, async (connection) => {
      await migrate(openQueries(connection), ALL_MIGRATIONS, nowMs);
    });
  }
  const connection = openSqliteFile(file);
  try {
    await migrate(openQueries(connection), ALL_MIGRATIONS, nowMs);
    const database = storeDatabase(connection);
    await database.change('forgetting unfinished archives', unpinOrphans);
    const reader = openSqliteReader(file);
    return {
      pushes: sqlPushStore(database),
      journal: sqlUploadJournal(database),
      locations: sqlBlobLocations(database),
      images: sqlImageCatalogue(database, reader),
      choices: sqlChoiceStore(database),
      measurements: sqlMeasurementStore(database),
      async close() {
        reader.close();
        await database.close();
      },
      backup: (target) => copySqliteFile(connection, target),
    };
  } catch (error) {
    connection.close();
    throw toStoreFailure(error, `opening the database ${file}`);
  }
}
