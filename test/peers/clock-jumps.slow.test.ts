import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeBytes, makeImage } from '../support/test-image.ts';
import { peersAreRequired } from './peer-test.ts';

/** Debian's faketime: what a program is told of the wall clock is shifted by what a file says; the steady clock is not. */
const LIBRARY = ['x86_64-linux-gnu', 'aarch64-linux-gnu']
  .map((triple) => `/usr/lib/${triple}/faketime/libfaketimeMT.so.1`)
  .find((path) => existsSync(path));

const HOUR_MS = 3_600_000;
const image = makeImage({ layers: [{ size: 300_000 }, { size: 10_000 }] });

test.skipIf(LIBRARY === undefined && !peersAreRequired)(
  'a service whose clock jumps a day ahead and back fails nothing, hangs nowhere, does nothing twice and forgets nothing',
  async () => {
    if (LIBRARY === undefined) throw new Error('libfaketime is not installed');
    await using folder = await openTempFolder('clock');
    await using source = await openTestRegistry();
    await using aliyun = await openTestRegistry();
    await using singapore = await openTestRegistry();
    await seedImage(source, 'team/app', '1', image);
    const shift = join(folder.path, 'shift');
    const jump = (to: '+0' | '+1d' | '-1h') => writeFileSync(shift, to);
    jump('+0');
    const configPath = await writeServiceConfig(folder.path, {
      source,
      registries: { aliyun, singapore },
      choose: 'singapore',
      more: {
        // Twelve hours from now: a day ahead it was due once.
        measuring: {
          schedules: {
            daily: {
              cron: `30 ${(new Date().getUTCHours() + 12) % 24} * * *`,
              timeZone: 'UTC',
              rounds: 1,
              payloads: ['100kB'],
            },
          },
        },
        retention: { pushes: '12h', notices: '12h', uploads: '12h' },
        access: { audit: '12h' },
      },
    });
    const dataPath = join(folder.path, 'data');
    const options = {
      ...{ configPath, dataPath, listensWithinMs: 60_000 },
      env: {
        ...{ LD_PRELOAD: LIBRARY, FAKETIME_TIMESTAMP_FILE: shift, FAKETIME_CACHE_DURATION: '1' },
        ...{ FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' },
      },
    };
    const first = await startServiceProcess(options);
    const push = (to: string) => first.api.push({ image: `team/app:${to}`, source: 'harbor.bj/team/app:1' });
    const old = await push('old');
    await first.api.untilFinal(old.id);
    await first.stop();
    const ask = <T>(sql: string): T => {
      const database = new Database(join(dataPath, 'entrepot.db'));
      try {
        return database.prepare(sql).pluck().all() as T;
      } finally {
        database.close();
      }
    };
    // As if it had run for long.
    {
      const database = new Database(join(dataPath, 'entrepot.db'));
      database.prepare(`insert or replace into upkeep values ('clock', ?)`).run(Date.now());
      database.close();
    }
    await using service = await startServiceProcess(options);
    const { api } = service;
    const begin = (tag: string) => api.push({ image: `team/app:${tag}`, source: 'harbor.bj/team/app:1' });
    const token = await api.withToken({
      role: 'ops',
      name: 'short',
      expiresAt: new Date(Date.now() + 2 * HOUR_MS).toISOString(),
    });

    // Under way when the clock jumps: a leg that waits for its registry, and two who wait for an answer.
    await singapore.stop();
    await seedImage(source, 'team/app', 'new', makeImage({ seed: 'new', layers: [{ size: 50_000 }] }));
    const waiting = await api.push({ image: 'team/app:waiting', source: 'harbor.bj/team/app:new' });
    await eventually(async () => (await api.getPush(waiting.id)).transfers.some(({ state }) => state === 'waiting'));
    const polled = api.getPush(waiting.id, '4s');
    const resolved = api.resolve('team/app:waiting', 'us-east-prod', '4s');
    const beganMs = performance.now();
    jump('+1d');
    expect((await polled).state).toBe('running');
    expect((await resolved).body).toMatchObject({ state: 'fallback', registry: 'aliyun' });
    expect(performance.now() - beganMs).toBeLessThan(30_000);
    await eventually(() => service.stdout.includes('"event":"clock jumped"'), { deadlineMs: 40_000 });
    expect((await api.getPush(waiting.id)).transfers.map(({ state }) => state).sort()).not.toContain('failed');
    expect((await token.send('GET', '/v1/pushes')).status).toBe(401);

    // The work goes on a day ahead, and the schedule was due once.
    await singapore.start();
    await api.untilFinal(waiting.id, 'placed', '60s');
    const ahead = await begin('ahead');
    await api.untilFinal(ahead.id);
    const benchmarks = async () => (await api.send('GET', '/v1/benchmarks')).body.items as { state: string }[];
    await eventually(async () => (await benchmarks()).length === 1, {
      deadlineMs: 60_000,
      what: 'the daily benchmark',
    });

    // A minute after its start it looks for what is old. It does not believe that a day has passed.
    await eventually(() => service.stdout.includes('nothing is forgotten for a day'), { deadlineMs: 90_000 });
    expect(ask<number[]>(`select count(*) from transfers where push_id = '${old.id}'`)).toEqual([2]);
    expect(service.stdout).not.toContain('"event":"forgotten"');

    // Set right, and an hour further back.
    jump('-1h');
    await eventually(async () => {
      const { body } = await api.resolve('team/app:old', 'us-east-prod');
      return Date.parse(String(body.asOf)) < Date.now();
    });
    expect((await token.send('GET', '/v1/pushes')).status).toBe(200);
    const behind = await begin('behind');
    await api.untilFinal(behind.id, 'placed', '60s');
    expect([old.id, waiting.id, ahead.id, behind.id].sort()).toEqual([old.id, waiting.id, ahead.id, behind.id]);
    // What was placed by a clock that was ahead is looked at again.
    const seenAhead = () =>
      ask<number[]>(`select count(*) from placements where verified_at > ${Date.now() + HOUR_MS}`)[0] ?? 0;
    await eventually(() => seenAhead() === 0, { deadlineMs: 120_000, what: 'a look at what was placed a day ahead' });
    // A tag that is put anew means the newer digest, though an older clock says when.
    const again = makeImage({ seed: 'again', layers: [{ size: 20_000 }] });
    await seedImage(source, 'team/app', '2', again);
    const retagged = await api.push({ image: 'team/app:ahead', source: 'harbor.bj/team/app:2' });
    await api.untilFinal(retagged.id, 'placed', '60s');
    expect((await api.resolve('team/app:ahead', 'us-east-prod')).body.sourceDigest).toBe(again.digest);
    expect(await benchmarks()).toHaveLength(1);
    const running = (await api.send('GET', '/v1/pushes?state=running')).body.items;
    expect(running).toEqual([]);
    expect((await service.stop()).code).toBe(0);
  },
  400_000,
);

test.skipIf(LIBRARY === undefined && !peersAreRequired)(
  'an upload at the door goes on where it stood though the service was started anew with a clock that is years ahead',
  async () => {
    if (LIBRARY === undefined) throw new Error('libfaketime is not installed');
    await using folder = await openTempFolder('clock');
    await using aliyun = await openTestRegistry();
    const configPath = await writeServiceConfig(folder.path, { registries: { aliyun } });
    const bytes = Buffer.from(makeBytes(100_000, 'upload'));
    const start = (shift: string) =>
      startServiceProcess({
        ...{ configPath, dataPath: join(folder.path, 'data'), listensWithinMs: 60_000 },
        env: { LD_PRELOAD: LIBRARY, FAKETIME: shift, FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' },
      });
    let location = '';
    const send = (service: ServiceProcess, method: string, path: string, body?: Buffer<ArrayBuffer>) =>
      service.api.fetch(path, { method, ...(body === undefined ? {} : { body }) });
    {
      await using service = await start('+0d');
      const begun = await send(service, 'POST', '/v2/team/app/blobs/uploads/');
      const sent = await send(service, 'PATCH', pathOf(begun.headers.get('location')), bytes.subarray(0, 60_000));
      expect(sent.status).toBe(202);
      location = pathOf(sent.headers.get('location'));
      await service.stop();
    }
    await using service = await start('+800d');
    // Whatever else begins.
    expect((await send(service, 'POST', '/v2/team/other/blobs/uploads/')).status).toBe(202);
    const asked = await send(service, 'GET', location);
    expect([asked.status, asked.headers.get('range')]).toEqual([204, '0-59999']);
    const rest = await send(service, 'PATCH', location, bytes.subarray(60_000));
    const ended = await send(service, 'PUT', `${pathOf(rest.headers.get('location'))}?digest=${digestOf(bytes)}`);
    expect(ended.status).toBe(201);
  },
  120_000,
);

/** A location without the server that it is at. */
function pathOf(location: string | null): string {
  const { pathname, search } = new URL(location ?? '', 'http://localhost');
  return `${pathname}${search}`;
}
