import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ALL_PLATFORMS } from '../../src/oci/platform-set.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { parseTag } from '../../src/oci/tag.ts';
import { PRUNED_KINDS } from '../../src/store/retention-store.ts';
import { sqlAuditStore } from '../../src/store/sql-audit-store.ts';
import { sqlBenchmarkStore } from '../../src/store/sql-benchmark-store.ts';
import { sqlBlobLocations } from '../../src/store/sql-blob-locations.ts';
import { sqlChoiceStore } from '../../src/store/sql-choice-store.ts';
import { sqlDeskStore } from '../../src/store/sql-desk-store.ts';
import { sqlImageCatalogue } from '../../src/store/sql-image-catalogue.ts';
import { sqlMeasurementStore } from '../../src/store/sql-measurement-store.ts';
import { sqlNoticeStore } from '../../src/store/sql-notice-store.ts';
import { sqlPayloadStore } from '../../src/store/sql-payload-store.ts';
import { sqlPushStore } from '../../src/store/sql-push-store.ts';
import { sqlRetentionStore } from '../../src/store/sql-retention-store.ts';
import { sqlScheduleStore } from '../../src/store/sql-schedule-store.ts';
import { sqlTokenStore } from '../../src/store/sql-token-store.ts';
import { sqlUploadJournal } from '../../src/store/sql-upload-journal.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { storeDatabase } from '../../src/store/store-database.ts';
import { REFERENCE, sampleMeasurement } from '../conformance/measurement-samples.ts';
import { sampleDigest, samplePlacement, samplePush, sampleTransfer } from '../conformance/push-samples.ts';
import { openTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { seedReleases } from './seed-releases.ts';

/* Every query over a large data folder, with the plan that SQLite makes for it. */

const ROWS = 20_000;
const app = parseRepositoryName('team/app7');
const tag = parseTag('v7');
const digest = sampleDigest('d');
const key = { registry: 'singapore', name: app, sourceDigest: digest, platformSet: ALL_PLATFORMS };

let folder: TempFolder;
let file: string;

beforeAll(async () => {
  folder = await openTempFolder('plans');
  file = join(folder.path, 'entrepot.db');
  await (await openStore({ folder: folder.path })).close();
  seedReleases(file, ROWS);
});
afterAll(() => folder.remove());

/** All that a store can be asked, and what was asked of it here, as `pushes.findPush`. */
const known = new Set<string>();
const covered = new Set<string>();

function noting<T extends object>(name: string, store: T): T {
  return new Proxy(store, {
    get(target, method) {
      covered.add(`${name}.${String(method)}`);
      return Reflect.get(target, method);
    },
  });
}

/** What reads a whole table by its nature: it is small, or everything in it is wanted, once at the start or by a scrape. */
const WHOLE: readonly string[] = [
  ...['audit.lastConfiguration', 'choices.currentChoices'],
  ...[
    'journal.unneeded',
    'measurements.isEmpty',
    'notices.subscriptions',
    'notices.troubles',
    'pushes.countOpenTransfers',
  ],
  ...['pushes.pinnedBlobs', 'tokens.listTokens', 'tokens.unrevokedTokens'],
];
/** What only adds rows, or changes those whose keys it is given. */
const BY_KEY: readonly string[] = [
  ...['audit.appendEntries', 'audit.rememberConfiguration', 'benchmarks.create', 'benchmarks.recordDiagnosis'],
  ...['benchmarks.recordSample'],
  ...['benchmarks.update', 'choices.recordUses', 'desk.finish', 'desk.lapse', 'desk.noteAgent', 'desk.put'],
  ...['journal.save', 'locations.add', 'notices.addSubscription', 'notices.changeDelivery', 'notices.mark'],
  ...['notices.recordNotice', 'payloads.add', 'payloads.drop', 'payloads.noteFailure', 'payloads.touch'],
  ...['retention.trust', 'pushes.addTransfer', 'tokens.addToken', 'tokens.recordTokenUses'],
];

/** The plans of what `work` asks, by statement. */
async function explain(work: (store: Omit<Store, 'close' | 'whole'>) => Promise<unknown>): Promise<string[]> {
  const asked = new Set<string>();
  const verbose = (statement: unknown) => asked.add(String(statement));
  const connection = new Database(file, { verbose });
  const reader = new Database(file, { readonly: true, verbose });
  const database = storeDatabase(connection);
  const images = sqlImageCatalogue(database, reader);
  const stores = {
    pushes: sqlPushStore(database),
    journal: sqlUploadJournal(database),
    choices: sqlChoiceStore(database),
    locations: sqlBlobLocations(database),
    measurements: sqlMeasurementStore(database),
    tokens: sqlTokenStore(database),
    audit: sqlAuditStore(database),
    notices: sqlNoticeStore(database),
    retention: sqlRetentionStore(database),
    benchmarks: sqlBenchmarkStore(database),
    desk: sqlDeskStore(database),
    payloads: sqlPayloadStore(database),
    schedules: sqlScheduleStore(database),
    images,
  };
  for (const [name, store] of Object.entries(stores))
    for (const method of Object.keys(store)) known.add(`${name}.${method}`);
  const noted = Object.entries(stores).map(([name, store]) => [name, noting(name, store)]);
  await work(Object.fromEntries(noted) as typeof stores);
  const plans: string[] = [];
  for (const statement of [...asked]) {
    if (!/^\s*(select|update|delete)/i.test(statement)) continue;
    const steps = reader.prepare<[], { detail: string }>(`explain query plan ${statement}`).all();
    for (const { detail } of steps) plans.push(`${detail} -- ${statement.slice(0, 200)}`);
  }
  reader.close();
  await database.close();
  return plans;
}

const after = { limit: 50, cursor: Buffer.from('[500,"push_0000000500"]').toString('base64url') };
const claim = { registry: 'singapore', owner: 'me', nowMs: 1, leaseMs: 1 };

test.each<[string, (store: Omit<Store, 'close' | 'whole'>) => Promise<unknown>]>([
  [
    'createPush',
    ({ pushes }) =>
      pushes.createPush(samplePush({ id: 'new', name: app, tag }), [sampleTransfer('new')], {
        key: 'k',
        bodyHash: 'h',
        expiresAt: 1,
      }),
  ],
  ['findIdempotent', ({ pushes }) => pushes.findIdempotent('k', 1)],
  ['findPush', ({ pushes }) => pushes.findPush('push_0000000001')],
  ['listPushes', ({ pushes }) => pushes.listPushes({}, after)],
  ['listPushes by image', ({ pushes }) => pushes.listPushes({ image: app }, after)],
  ['listPushes by image and tag', ({ pushes }) => pushes.listPushes({ image: `${app}:${tag}` }, after)],
  ['listPushes by state', ({ pushes }) => pushes.listPushes({ state: 'failed' }, after)],
  ['listPushes by registry', ({ pushes }) => pushes.listPushes({ registry: 'singapore' }, after)],
  ['updatePush', ({ pushes }) => pushes.updatePush('push_0000000001', { digest, priority: 'urgent' })],
  ['finishedRuns', ({ pushes }) => pushes.finishedRuns('singapore', 300)],
  ['recentUploads', ({ measurements }) => measurements.recentUploads('singapore', 100)],
  ['updateTransfer', ({ pushes }) => pushes.updateTransfer('push_0000000001', 'singapore', { bytesSent: 1 })],
  ['placeTransfer', ({ pushes }) => pushes.placeTransfer('push_0000000001', 'singapore', {}, samplePlacement())],
  ['claimTransfer', ({ pushes }) => pushes.claimTransfer(claim)],
  ['nextAttemptAt', ({ pushes }) => pushes.nextAttemptAt('singapore')],
  ['renewLeases', ({ pushes }) => pushes.renewLeases('me', 1, 1)],
  ['reclaimTransfers', ({ pushes }) => pushes.reclaimTransfers({ owner: 'me', nowMs: 1, all: false })],
  ['findRelease', ({ pushes }) => pushes.findRelease(app, tag)],
  ['findPlacement', ({ pushes }) => pushes.findPlacement(key)],
  ['listPlacements', ({ pushes }) => pushes.listPlacements(app, digest)],
  ['confirmPlacement', ({ pushes }) => pushes.confirmPlacement(key, 1)],
  ['withdrawPlacement', ({ pushes }) => pushes.withdrawPlacement(key)],
  ['stalePlacements', ({ pushes }) => pushes.stalePlacements({ fromMs: 1, toMs: 2 }, 10)],
  ['pinBlobs', ({ pushes }) => pushes.pinBlobs('p', [{ digest, size: 1 }])],
  ['listImages', ({ images }) => images.listImages({}, { limit: 50 })],
  ['listImages by prefix', ({ images }) => images.listImages({ prefix: 'team/' }, { limit: 50 })],
  ['findImage', ({ images }) => images.findImage(app)],
  ['listReleases', ({ images }) => images.listReleases(app, after)],
  ['releaseHistory', ({ images }) => images.releaseHistory(app, tag, after)],
  ['placementsOf', ({ images }) => images.placementsOf(app, [digest, sampleDigest('e')])],
  ['journal.find', ({ journal }) => journal.find('r', 'n', digest)],
  ['journal.list', ({ journal }) => journal.list('r', 'n')],
  ['journal.rename', ({ journal }) => journal.rename('r', 'n', digest, digest)],
  ['journal.remove', ({ journal }) => journal.remove('r', 'n', digest)],
  ['record of measurements', ({ measurements }) => measurements.record([sampleMeasurement('m1')], REFERENCE)],
  ['benchmarks under way', ({ benchmarks }) => benchmarks.unfinished()],
  ['benchmarks', ({ benchmarks }) => benchmarks.list({ limit: 5 })],
  ['hasSample', ({ benchmarks }) => benchmarks.hasSample('s')],
  ['hasDiagnosis', ({ benchmarks }) => benchmarks.hasDiagnosis('b', 'singapore')],
  ['runs of a schedule', ({ schedules }) => schedules.runs('nightly')],
  ['following a schedule', ({ schedules }) => schedules.follow('nightly', '0 3 * * * UTC', 1)],
  [
    'times of a schedule',
    ({ schedules }) =>
      schedules.record([{ schedule: 'nightly', dueAt: 1, benchmark: 'b', passedOver: null, detail: null }]),
  ],
  ['samples', ({ benchmarks }) => benchmarks.samples('b', { limit: 5 })],
  ['countSamples', ({ benchmarks }) => benchmarks.countSamples('b')],
  ['bytesSince', ({ benchmarks }) => benchmarks.bytesSince(null, 1, 2)],
  ['bytesSince of a registry', ({ benchmarks }) => benchmarks.bytesSince('singapore', 1, 2)],
  ['desk.find', ({ desk }) => desk.find('w')],
  ['desk.give', ({ desk }) => desk.give('us-east', 'a')],
  ['desk.lapseOpen', ({ desk }) => desk.lapseOpen()],
  ['desk.agents', ({ desk }) => desk.agents()],
  ['payloads.find', ({ payloads }) => payloads.find('singapore', 1)],
  ['payloads.all', ({ payloads }) => payloads.all()],
  ['nextDelivery', ({ notices }) => notices.nextDelivery('slack')],
  ['listDeliveries', ({ notices }) => notices.listDeliveries({}, { limit: 5 })],
  ['listDeliveries by state', ({ notices }) => notices.listDeliveries({ state: 'failed' }, { limit: 5 })],
  ['listDeliveries by receiver', ({ notices }) => notices.listDeliveries({ receiver: 'slack' }, { limit: 5 })],
  ['isMarked', ({ notices }) => notices.isMarked('told push 1')],
  ['marks', ({ notices }) => notices.marks('agent ')],
  ['pruneMarks', ({ notices }) => notices.pruneMarks('told ', 1)],
  ['finishedSince', ({ pushes }) => pushes.finishedSince(1, 10)],
  ['choicesSince', ({ choices }) => choices.choicesSince(1)],
  ['listEntries', ({ audit }) => audit.listEntries({}, { limit: 5 })],
  ['retention.trustedAt', ({ retention }) => retention.trustedAt()],
  ...PRUNED_KINDS.map((kind): [string, (store: Pick<Store, 'retention'>) => Promise<unknown>] => [
    `prune ${kind}`,
    ({ retention }) => retention.prune(kind, 2, null),
  ]),
  ['benchmark', ({ benchmarks }) => benchmarks.find('b')],
  ['isNewestRelease', ({ pushes }) => pushes.isNewestRelease({ id: 'push_0000000001', name: app, tag })],
  ['unpinBlobs', ({ pushes }) => pushes.unpinBlobs('push_0000000001')],
  ['locations.find', ({ locations }) => locations.find('singapore', digest)],
  ['locations.forget', ({ locations }) => locations.forget('singapore', digest)],
  ['findTokenByHash', ({ tokens }) => tokens.findTokenByHash('h')],
  ['revokeToken', ({ tokens }) => tokens.revokeToken('t', 1)],
  ['removeSubscription', ({ notices }) => notices.removeSubscription('s')],
  ['choiceHistory', ({ choices }) => choices.choiceHistory('a', { limit: 5 })],
  [
    'appendChoice',
    ({ choices }) =>
      choices.appendChoice({
        subject: 'a',
        registry: null,
        who: 'w',
        at: 1,
        reason: null,
        evidence: null,
        previous: null,
      }),
  ],
])('%s reads by index and never all of a table', async (_name, work) => {
  const plans = await explain(work);
  expect(plans.length).toBeGreaterThan(0);
  expect(plans.filter((step) => /^SCAN (?!.*(USING .*INDEX|CONSTANT ROW))/.test(step))).toEqual([]);
  expect(plans.filter((step) => /TEMP B-TREE FOR ORDER BY/.test(step))).toEqual([]);
});

test('countByOrigin and usedSince sort at most what they found by index', async () => {
  const plans = await explain(async ({ pushes, choices }) => {
    await pushes.countByOrigin('choice:a#1');
    await choices.usedSince(app, 1);
  });
  expect(plans.filter((step) => step.startsWith('SCAN'))).toEqual([]);
});

test('the queue of a registry is gone through once, in the order of its index', async () => {
  const plans = await explain(({ pushes }) => pushes.countQueuedBefore('singapore', ['push_0000000001', 'push_2']));
  expect(plans.filter((step) => /^SEARCH transfers USING COVERING INDEX/.test(step))).toHaveLength(1);
  expect(plans.filter((step) => /^SCAN transfers|TEMP B-TREE/.test(step))).toEqual([]);
});

test('what is needed of the uploads that were left is found by index', async () => {
  const plans = await explain(({ journal }) => journal.unneeded({ fromMs: 1, toMs: 2 }, 5));
  expect(plans.filter((step) => step.startsWith('SCAN') && !step.startsWith('SCAN uploads'))).toEqual([]);
});

test('an image is read into memory by index, and so are the names of the next ones', async () => {
  const plans = await explain(async ({ images }) => {
    images.imageNames('team/app3');
    for (const _ of images.currentReleases(app));
    for (const _ of images.currentPlacements(app));
  });
  expect(plans.filter((step) => /^SEARCH (tags|placements) USING/.test(step)).length).toBe(4);
  // The names that were found by index are gone through once more, to put both lists together.
  expect(plans.filter((step) => step.startsWith('SCAN') && !step.startsWith('SCAN (subquery'))).toEqual([]);
});

test('all images can be read, each release and placement once', async () => {
  const store = await openStore({ folder: folder.path });
  const releases = new Set<string>();
  const placements = new Set<string>();
  let seen = 0;
  for (let page = store.images.imageNames(''); page.length > 0; page = store.images.imageNames(page.at(-1) ?? ''))
    for (const name of page) {
      for (const release of store.images.currentReleases(name)) releases.add(`${name}:${release.tag}`);
      for (const placement of store.images.currentPlacements(name)) placements.add(placement.sourceDigest);
      seen += 1;
    }
  expect(seen).toBeGreaterThanOrEqual(1_000);
  expect(releases.size).toBe(ROWS);
  expect(placements.size).toBeGreaterThanOrEqual(ROWS);
  // A page may be left early, and what is written meanwhile waits for nobody.
  for (const _ of store.images.currentReleases(app)) {
    await store.pushes.updateTransfer('push_0000000002', 'singapore', { bytesSent: 5 });
    break;
  }
  await store.close();
});

test('every query of every store is among them, but for those that are said to read all or know their rows', () => {
  const said = new Set([...WHOLE, ...BY_KEY]);
  expect([...known].filter((query) => !covered.has(query) && !said.has(query)).sort()).toEqual([]);
  expect([...said].filter((query) => !known.has(query))).toEqual([]);
});
