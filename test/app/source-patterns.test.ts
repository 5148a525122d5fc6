import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestRegistry, type TestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { openTestService } from '../support/service.ts';
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

  it('are none that do not fit the pattern', async () => {
    await using service = await open(true);
    expect(await pushFrom(service, 'web.other.example')).toMatchObject({
      status: 422,
      body: { code: 'source_unknown', detail: expect.stringContaining('*.ci.example') },
    });
  });
});
