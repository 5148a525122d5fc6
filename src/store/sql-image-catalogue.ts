import type Database from 'better-sqlite3';
import type { ImageCatalogue } from '../sync/push/image-catalogue.ts';
import { imageReads } from './image-reads.ts';
import { findImage, listImages } from './image-summaries.ts';
import { listPlacements } from './placements.ts';
import { listReleases, releaseHistory } from './releases.ts';
import type { StoreDatabase } from './store-database.ts';

/** What has been released, in SQL. `reader` is a connection of its own for the reads that answer without waiting. */
export function sqlImageCatalogue({ read }: Pick<StoreDatabase, 'read'>, reader: Database.Database): ImageCatalogue {
  return {
    listImages: (filter, page) => read('listing images', (db) => listImages(db, filter, page)),
    findImage: (name) => read('reading an image', (db) => findImage(db, name)),
    listReleases: (name, page) => read('listing releases', (db) => listReleases(db, name, page)),
    releaseHistory: (name, tag, page) =>
      read('reading the history of a release', (db) => releaseHistory(db, name, tag, page)),
    placementsOf: (name, sourceDigests) => read('listing placements', (db) => listPlacements(db, name, sourceDigests)),
    ...imageReads(reader),
  };
}
