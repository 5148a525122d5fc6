import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDirectory } from '../../src/app/registry-directory.ts';
import { parseConfig } from '../../src/config/load-config.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { parseTag } from '../../src/oci/tag.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { openTestRegistry, type TestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { openTestService } from '../support/service.ts';
import { renderServiceConfig } from '../support/service-config.ts';
import { makeImage } from '../support/test-image.ts';

const IMAGE = makeImage();
const { lookup } = dns;

/** The names of the pattern's domain lead to this machine, as whoever owns the domain could have them do. */
const toLoopback = (...args: unknown[]) => {
  const [name, options, callback] = args as [string, object, (error: null, found: object[]) => void];
  if (name.endsWith('.ci.example')) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else Reflect.apply(lookup, dns, [name, options, callback]);
};

describe('sources by a pattern', () => {
  let harbor: TestRegistry;
  let relay: TestRegistry;
  beforeAll(async () => {
    Object.assign(dns, { lookup: toLoopback });
    syncBuiltinESMExports();
    harbor = await openTestRegistry();
    relay = await openTestRegistry();
    await seedImage(harbor, 'team/app', '1', IMAGE);
  });
  afterAll(async () => {
    Object.assign(dns, { lookup });
    syncBuiltinESMExports();
    await harbor.close();
    await relay.close();
  });

  const open = (internal: boolean) =>
    openTestService({
      sources: { [`*.ci.example:${harbor.port}`]: { url: `http://*.ci.example:${harbor.port}`, internal } },
      registries: { singapore: relay },
      choose: 'singapore',
    });
  const pushFrom = (service: Awaited<ReturnType<typeof open>>, host: string) =>
    service.api.send('POST', '/v1/pushes', { image: 'team/app:1', source: `${host}:${harbor.port}/team/app:1` });

  it('are read where the pattern is for hosts within', async () => {
    await using service = await open(true);
    const { status, body } = await pushFrom(service, 'web.ci.example');
    expect(status).toBe(202);
    expect(await service.api.untilFinal(String(body.id))).toMatchObject({ state: 'placed', digest: IMAGE.digest });
  });

  it('are not connected to on this machine otherwise', async () => {
    await using service = await open(false);
    harbor.forgetRequests();
    const { status, body } = await pushFrom(service, 'web.ci.example');
    expect([status, body.code, body.detail]).toEqual([
      422,
      'source_denied',
      expect.stringContaining('an address that only configuration may name'),
    ]);
    expect(harbor.requests).toEqual([]);
  });

  it('are no names of figures, and one who names many leaves room for all others', async () => {
    const bearer = { kind: 'bearer', username: 'u', password: 'p' } as const;
    await using asking = await openTestRegistry({ auth: bearer });
    const told: string[] = [];
    const url = `http://*.ci.example:${asking.port}`;
    const world = parseConfig(
      renderServiceConfig({
        sources: { [`*.ci.example:${asking.port}`]: { url, internal: true } },
        registries: { singapore: relay },
        choose: 'singapore',
      }),
      '/test.yaml',
    );
    const directory = openDirectory({
      ...{ world, clock: systemClock, log: silentLog, onToken: (name) => told.push(name) },
      readSecret: () => Promise.reject(new Error('no secrets here')),
    });
    const first = directory.source(`web.ci.example:${asking.port}`)?.client;
    await expect(first?.headManifest(parseRepositoryName('team/app'), parseTag('1'))).rejects.toThrow();
    expect(told).toEqual([`*.ci.example:${asking.port}`]);
    for (let n = 0; n < 1_200; n += 1) expect(directory.source(`h${n}.ci.example:${asking.port}`)).toBeDefined();
    expect(directory.source(`web.ci.example:${asking.port}`)?.client).not.toBe(first);
    await first?.close();
    await directory.close();
  });

  it('are none that do not fit the pattern', async () => {
    await using service = await open(true);
    expect(await pushFrom(service, 'web.other.example')).toMatchObject({
      status: 422,
      body: { code: 'source_unknown', detail: expect.stringContaining('*.ci.example') },
    });
  });
});
