import { openMeasurementReader } from '../../src/store/measurement-reader.ts';
import type { Store } from '../../src/store/store.ts';
import { describeAuditStore } from '../conformance/audit-store.ts';
import { describeBlobLocations } from '../conformance/blob-locations.ts';
import { describeChoiceStore } from '../conformance/choice-store.ts';
import { describeImageCatalogue } from '../conformance/image-catalogue.ts';
import { describeMeasurementStore } from '../conformance/measurement-store.ts';
import { describeNoticeStore } from '../conformance/notice-store.ts';
import { describePushStore, type OpenForTest } from '../conformance/push-store.ts';
import { describeScheduleStore } from '../conformance/schedule-store.ts';
import { describeTokenStore } from '../conformance/token-store.ts';
import { describeUploadJournal } from '../conformance/upload-journal.ts';
import { openTestStore } from './open-test-store.ts';

function opening<T>(part: (store: Store) => T): OpenForTest<T> {
  return async () => {
    const opened = await openTestStore();
    return { store: part(opened.store), [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  };
}

describeMeasurementStore('SQLite', async () => {
  const opened = await openTestStore();
  return {
    store: opened.store.measurements,
    openReader: () => openMeasurementReader(opened.folder),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
});
describePushStore(
  'SQLite',
  opening(({ pushes }) => pushes),
);
describeBlobLocations(
  'SQLite',
  opening(({ locations }) => locations),
);
describeUploadJournal(
  'SQLite',
  opening(({ journal, pushes }) => ({ journal, pushes })),
);
describeChoiceStore(
  'SQLite',
  opening(({ choices }) => choices),
);
describeImageCatalogue(
  'SQLite',
  opening(({ images, pushes }) => ({ images, pushes })),
);
describeTokenStore(
  'SQLite',
  opening(({ tokens }) => tokens),
);
describeAuditStore(
  'SQLite',
  opening(({ audit }) => audit),
);
describeNoticeStore(
  'SQLite',
  opening(({ notices }) => notices),
);
describeScheduleStore(
  'SQLite',
  opening(({ schedules }) => schedules),
);
