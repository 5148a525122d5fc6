import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PERMISSIONS, type Reach } from '../../src/access/permissions.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { openTestService, type TestService } from '../support/service.ts';
import { makeImage } from '../support/test-image.ts';
import { DOOR_CALLS, SAMPLE_CALLS, type SampleCall } from './support/sample-calls.ts';

/* Callers without a token, where the configuration lets them read. */

const opened = new AsyncDisposableStack();
const image = makeImage();
let service: TestService;
let push: string;

beforeAll(async () => {
  const source = opened.use(await openTestRegistry());
  const aliyun = opened.use(await openTestRegistry());
  const singapore = opened.use(await openTestRegistry());
  await seedImage(source, 'team/app', '1', image);
  service = opened.use(
    await openTestService({
      registries: { aliyun, singapore },
      source,
      choose: 'singapore',
      more: { access: { anonymous: 'read' } },
    }),
  );
  ({ id: push } = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' }));
  await service.api.untilFinal(push);
});
afterAll(() => opened.disposeAsync());

async function ask({ method, path, body }: SampleCall, headers: Record<string, string> = {}): Promise<Response> {
  const response = await fetch(`${service.api.url}${path.replace('PUSH', push)}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await response.arrayBuffer();
  return response;
}

describe('without a token', () => {
  test.each(Object.entries({ ...SAMPLE_CALLS, ...DOOR_CALLS }))('%s', async (_, call) => {
    const reach: Reach = PERMISSIONS[call.permission].anonymous;
    const { status } = await ask(call);
    // What is pushed as a cluster is refused as such, whoever does it.
    if (reach === 'none') expect(status).toBe(401);
    else expect([401, 403]).not.toContain(status);
  });

  test('a token that does not hold is refused all the same', async () => {
    for (const call of [...Object.values(SAMPLE_CALLS).slice(0, 5), ...Object.values(DOOR_CALLS).slice(0, 5)])
      expect((await ask(call, { authorization: 'Bearer entrepot_old' })).status).toBe(401);
  });

  test('clients that log in before they ask get a token that pulls and no more', async () => {
    const ping = await fetch(`${service.api.url}/v2/`);
    expect([ping.status, ping.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('/v2/token')]);
    const scope = 'repository:team/app:pull,push';
    const answer = await fetch(`${service.api.url}/v2/token?scope=${scope}`);
    const { token } = (await answer.json()) as { token: string };
    const authorization = { authorization: `Bearer ${token}` };
    expect((await fetch(`${service.api.url}/v2/`, { headers: authorization })).status).toBe(200);
    const pull = '/v2/cluster.us-east-prod/team/app/manifests/1';
    expect((await fetch(`${service.api.url}${pull}`, { headers: authorization })).status).toBe(200);
    const upload = await fetch(`${service.api.url}/v2/team/app/blobs/uploads/`, {
      method: 'POST',
      headers: authorization,
    });
    expect(upload.status).toBe(401);
  });
});

test('the metrics are open where the configuration says so, and nothing else is', async () => {
  await using open = await openTestService({
    registries: { aliyun: { url: 'http://127.0.0.1:9' } },
    more: { access: { metrics: 'open' } },
  });
  expect((await fetch(`${open.api.url}/metrics`)).status).toBe(200);
  expect((await fetch(`${open.api.url}/v1/clusters`)).status).toBe(401);
});
