import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { eventually } from '../../support/eventually.ts';
import { expectWhole } from '../../support/placed-image.ts';
import { openTestRegistry, type TestRegistry } from '../../support/registry.ts';
import { seedImage } from '../../support/seed-image.ts';
import { openTestService, type TestService } from '../../support/service.ts';
import { openTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { TestClock } from '../../support/test-clock.ts';
import { makeImage } from '../../support/test-image.ts';

const image = makeImage({ layers: [{ size: 300_000 }, { size: 10_000 }] });
let clock: TestClock;
let source: TestRegistry;
let singapore: TestRegistry;
let folder: TempFolder;
let service: TestService;

const open = () =>
  openTestService({
    source,
    clock,
    registries: { singapore },
    choose: 'singapore',
    folder: folder.path,
    more: { limits: { chunkBytes: 50_000 } },
  });
const push = () => service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
/** Another connection to the service's database, as an accident would change it; waits while the service writes. */
const changeStore = (...statements: string[]) =>
  eventually(() => {
    const database = new Database(join(folder.path, 'entrepot.db'), { timeout: 0 });
    try {
      database.exec(statements.join(';'));
      return true;
    } finally {
      database.close();
    }
  });

beforeEach(async () => {
  clock = new TestClock();
  folder = await openTempFolder('upkeep');
  [source, singapore] = [await openTestRegistry(), await openTestRegistry()];
  await seedImage(source, 'team/app', '1', image);
  service = await open();
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await Promise.all([source, singapore].map((registry) => registry.close()));
  await folder.remove();
});

it('a result that the store cannot take is offered again until it does', async () => {
  await changeStore(`create trigger broken before insert on placements begin select raise(abort, 'no'); end;`);
  const { id } = await push();
  await eventually(() => service.logged.some(({ event }) => event === 'recording a transfer failed'));
  expect((await service.api.resolve('team/app:1', 'us-east-prod')).status).toBe(409);
  await changeStore('drop trigger broken');
  clock.advance(60_000);
  const placed = await service.api.untilFinal(id);
  expect(placed.transfers[0]?.attempts).toBe(1);
  expect(singapore.count('PUT', /manifests/)).toBe(1);
});

it('a push that died between its last leg and its end is finished by the next start', async () => {
  const { id } = await push();
  await service.api.untilFinal(id);
  await service.stop();
  await changeStore(
    `update pushes set state = 'running', finished_at = null`,
    `insert into pinned_blobs (push_id, digest, size_bytes) values ('${id}', '${image.digest}', 1)`,
  );
  service = await open();
  const push2 = await service.api.untilFinal(id, 'placed', '0s');
  expect(push2.finishedAt).not.toBeNull();
  expect((await service.api.send('GET', '/v1/depot')).body).toMatchObject({ pinnedBytes: 0 });
});

it('an upload that no push takes up again is given back at its registry an hour later', async () => {
  // What the push to team/app consists of is not known yet: it may need what was left there.
  await source.stop();
  const { id } = await push();
  await service.stop();
  const uploads = await Promise.all(
    ['team/left', 'team/app'].map(async (name) => {
      const repository = parseRepositoryName(name);
      const session = await singapore.storage.startUpload(repository, 'sha256');
      const location = `${singapore.url}/v2/${name}/blobs/uploads/${session}`;
      await changeStore(
        `insert into uploads values ('singapore', '${name}', '${image.digest}', '${location}', 0, 0, ${clock.nowMs()}, null)`,
      );
      return { isOpen: async () => (await singapore.storage.findUpload(repository, session)) !== undefined };
    }),
  );
  const areOpen = () => Promise.all(uploads.map(({ isOpen }) => isOpen()));
  service = await open();
  expect(await areOpen()).toEqual([true, true]);
  clock.advance(3_600_000);
  const isGivenBack = () => service.logged.some(({ event }) => event === 'upload given back');
  await eventually(isGivenBack);
  expect(await areOpen()).toEqual([false, true]);
  expect((await service.api.getPush(id)).state).toBe('running');
  await source.start();
});

it('stopping in the middle leaves nothing running, and the next start goes on behind what was acknowledged', async () => {
  const before = countResources();
  singapore.failNext('PATCH', { stall: true, afterBytes: 10_000, skip: 2 });
  const { id } = await push();
  await eventually(
    () => singapore.requests.filter(({ method, bytesIn }) => method === 'PATCH' && bytesIn > 0).length === 3,
  );
  await service.stop();
  const requests = singapore.requests.length;
  await eventually(() => {
    const after = countResources();
    const more = Object.keys(after).filter((kind) => (after[kind] ?? 0) > (before[kind] ?? 0));
    if (more.length > 0) throw new Error(JSON.stringify({ before, after }));
    return true;
  });
  expect(singapore.requests.length).toBe(requests);
  singapore.forgetRequests();
  service = await open();
  const placed = await service.api.untilFinal(id);
  const sentAgain = singapore.requests.reduce(
    (sum, request) => sum + (/uploads/.test(request.path) ? request.bytesIn : 0),
    0,
  );
  expect(sentAgain).toBeLessThanOrEqual(300_000 - 100_000 + 1_000 + 10_000);
  const leg = placed.transfers[0];
  expect(leg?.bytesResent).toBeLessThanOrEqual(50_000);
  expect((leg?.bytesSent ?? 0) - (leg?.bytesResent ?? 0) + (leg?.bytesSavedPresent ?? 0)).toBe(leg?.bytesTotal);
  await expectWhole(singapore.url, 'team/app', '1', image);
});

it('stopping at any instant leaves nobody asleep', async () => {
  for (let round = 0; round < 8; round += 1) {
    const accepted = await service.api.push({ image: `team/app:${round}`, source: 'harbor.bj/team/app:1' });
    expect(accepted.state).toBe('running');
    await service.stop();
    expect(clock.sleeping).toBe(0);
    service = await open();
  }
});

it('many pushes leave no listener and no timer behind', async () => {
  await service.api.untilFinal((await push()).id);
  const asleep = clock.sleeping;
  const before = countResources();
  for (let round = 0; round < 15; round += 1) {
    const { id } = await service.api.push({ image: `team/app:${round}`, source: 'harbor.bj/team/app:1' });
    const listening = new AbortController();
    const events = service.api
      .fetch(`/v1/pushes/${id}/events`, { signal: listening.signal })
      .then((response) => response.text());
    await service.api.untilFinal(id);
    await events;
    const waits = service.api.send('GET', `/v1/pushes/${id}?wait=1s`);
    await waits;
  }
  await eventually(() => clock.sleeping <= asleep && (countResources().Timeout ?? 0) <= (before.Timeout ?? 0) + 4);
});

/** What would keep a process alive, by kind. */
function countResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    // The registries of the test keep their own connections until they time out.
    if (kind !== 'Immediate') counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

it('a leg to a registry that is taken out of the configuration ends, saying so, and the others are kept', async () => {
  await singapore.stop();
  const tokyo = await openTestRegistry();
  await service[Symbol.asyncDispose]();
  service = await openTestService({
    source,
    clock,
    registries: { singapore, tokyo },
    choose: 'tokyo',
    folder: folder.path,
  });
  const { id } = await service.api.push({
    image: 'team/app:1',
    source: 'harbor.bj/team/app:1',
    targets: ['singapore', 'tokyo'],
  });
  await eventually(async () => (await service.api.getPush(id)).transfers.some(({ state }) => state === 'placed'));
  await service[Symbol.asyncDispose]();
  service = await openTestService({ source, clock, registries: { tokyo }, choose: 'tokyo', folder: folder.path });
  const push = await eventually(async () => {
    const now = await service.api.getPush(id);
    return now.state === 'running' ? undefined : now;
  });
  expect(push.state).toBe('partial');
  expect(push.transfers.find(({ registry }) => registry === 'singapore')).toMatchObject({
    state: 'failed',
    error: { code: 'registry_unknown', side: 'here' },
  });
  await singapore.start();
  await tokyo.close();
});
