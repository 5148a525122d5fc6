import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openStore } from '../../../src/store/store.ts';
import { simulate } from '../../bench/recommend/simulated-weeks.ts';
import { seedReleases } from '../../store/seed-releases.ts';
import { eventually } from '../../support/eventually.ts';
import { openTestService } from '../../support/service.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { FEW, recordIn, toRecorded } from './measured-folder.ts';

const even = (rate: number) => ({ day: { rate, fail: 0 }, peak: { rate, fail: 0 } });
const url = 'http://127.0.0.1:9';
/** Japan comes before Singapore in the file; Korea is chosen and lacks the release. */
const registries = { korea: { url }, japan: { url }, singapore: { url } };
const question = '/v1/resolve?image=team/app1:v1&cluster=us-east-prod';

/** A release that is at Japan and Singapore. */
function placeAtTwo(file: string): void {
  seedReleases(file, 2);
  const database = new Database(file);
  database.exec(`
    create temp table copies as select * from placements;
    update copies set registry = 'japan';
    insert into placements select * from copies;`);
  database.close();
}

test.each([
  ['by a founded recommendation', 9, 'singapore'],
  ['by the configuration, while it is provisional', 1, 'japan'],
])('resolve falls back %s', async (_, days, registry) => {
  await using folder = await openTempFolder('order');
  await (await openStore({ folder: folder.path })).close();
  placeAtTwo(join(folder.path, 'entrepot.db'));
  const more = { recommendation: { minimum: FEW } };
  const profiles = { korea: even(9), japan: even(7), singapore: even(12) };
  await recordIn(folder.path, toRecorded(simulate({ profiles, days, roundsPerDay: 8, seed: 1 }), Date.now() - 60_000));
  await using service = await openTestService({ folder: folder.path, registries, choose: 'korea', more });
  // The look at the recommendation that the service takes when it starts comes before the answer to this.
  await service.api.send('GET', '/v1/recommendation');
  const answer = await eventually(async () => {
    const { body } = await service.api.send('GET', question);
    return body.registry === registry && body;
  });
  expect(answer).toMatchObject({ registry, state: 'fallback' });
});
