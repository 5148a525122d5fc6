import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { seedImage } from '../seed-image.ts';
import { makeBytes, makeImage } from '../test-image.ts';
import { ACR_PULLER_KEY, type AcrDouble, openAcrDouble } from './acr-double.ts';

type Challenge = { readonly realm: string; readonly service: string; readonly scope: string };

async function challengeOf(acr: AcrDouble, path: string): Promise<Challenge> {
  const refused = await fetch(`${acr.registry.url}${path}`);
  expect(refused.status).toBe(401);
  const header = refused.headers.get('www-authenticate') ?? '';
  expect(header).toMatch(/^Bearer /);
  const part = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(header)?.[1] ?? '';
  return { realm: part('realm'), service: part('service'), scope: part('scope') };
}

async function login(acr: AcrDouble, username: string, password: string, scope: string): Promise<Response> {
  const { realm, service } = await challengeOf(acr, '/v2/');
  const query = new URLSearchParams({ service, scope });
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return await fetch(`${realm}?${query}`, { headers: { authorization } });
}

async function bearer(acr: AcrDouble, scope: string): Promise<Record<string, string>> {
  const answer = await login(acr, acr.fixed.username, acr.fixed.password, scope);
  const { token, expires_in: seconds } = (await answer.json()) as { token: string; expires_in: number };
  expect(seconds).toBe(3_600);
  return { authorization: `Bearer ${token}` };
}

async function askApi(acr: AcrDouble, version: string, query = '', key = 'LTAIPUSHER'): Promise<Response> {
  return await fetch(`${acr.apiUrl}/${query}`, {
    method: 'POST',
    headers: {
      'x-acs-action': 'GetAuthorizationToken',
      'x-acs-version': version,
      authorization: `ACS3-HMAC-SHA256 Credential=${key},SignedHeaders=host,Signature=x`,
    },
  });
}

const PUSH = 'repository:web3d/app:pull,push';

describe('the double of ACR', () => {
  it.each([
    ['Enterprise', 'cri-test', 'registry.aliyuncs.com:cn-beijing:china:cri-test'],
    ['Personal', null, 'registry.aliyuncs.com:cn-beijing:26842'],
  ])('%s tells its edition in the service of the challenge', async (_, instanceId, service) => {
    await using acr = await openAcrDouble({ instanceId });
    expect((await challengeOf(acr, '/v2/')).service).toBe(service);
  });

  it('has no catalog, makes no namespaces, and takes only its password', async () => {
    await using acr = await openAcrDouble();
    expect((await login(acr, acr.fixed.username, 'wrong', PUSH)).status).toBe(401);
    expect((await fetch(`${acr.registry.url}/v2/_catalog`, { headers: await bearer(acr, PUSH) })).status).toBe(404);
    const start = async (name: string) => {
      const headers = await bearer(acr, `repository:${name}:pull,push`);
      return (await fetch(`${acr.registry.url}/v2/${name}/blobs/uploads/`, { method: 'POST', headers })).status;
    };
    expect(await start('web3d/app')).toBe(202);
    expect(await start('nowhere/app')).toBeGreaterThanOrEqual(400);
  });

  it('refuses the empty config of attestations, in the words of the real one', async () => {
    await using acr = await openAcrDouble();
    const image = makeImage({ platforms: ['linux/amd64'], attestations: 'artifact' });
    await seedImage(acr.registry, 'web3d/app', 'v1', image);
    const attestation = image.manifests.find(({ bytes }) => Buffer.from(bytes).includes('vnd.oci.empty.v1+json'));
    const headers = { ...(await bearer(acr, PUSH)), 'content-type': attestation?.mediaType ?? '' };
    const put = await fetch(`${acr.registry.url}/v2/web3d/app/manifests/${attestation?.digest}`, {
      method: 'PUT',
      headers,
      body: Buffer.from(attestation?.bytes ?? []),
    });
    expect([put.status, await put.text()]).toEqual([
      403,
      expect.stringContaining('unknown manifest class for application/vnd.oci.empty.v1+json'),
    ]);
  });

  it('sends for blobs to a storage that refuses Authorization', async () => {
    await using acr = await openAcrDouble();
    const headers = await bearer(acr, PUSH);
    const bytes = makeBytes(1_000, 1);
    const started = await fetch(`${acr.registry.url}/v2/web3d/app/blobs/uploads/`, { method: 'POST', headers });
    const location = new URL(started.headers.get('location') ?? '', acr.registry.url);
    const digest = digestOf(bytes);
    location.searchParams.set('digest', digest);
    expect((await fetch(location, { method: 'PUT', headers, body: bytes })).status).toBe(201);
    const answer = await fetch(`${acr.registry.url}/v2/web3d/app/blobs/${digest}`, { headers, redirect: 'manual' });
    expect(answer.status).toBe(307);
    const signed = answer.headers.get('location') ?? '';
    expect(new URL(signed).host).not.toBe(acr.registry.host);
    expect((await fetch(signed)).status).toBe(200);
    expect((await fetch(signed, { headers })).status).toBe(400);
  });

  it('makes temporary tokens of the edition that it is, for its own instance, to push or only to pull', async () => {
    await using acr = await openAcrDouble();
    expect((await askApi(acr, '2016-06-07')).status).toBe(404);
    expect(await (await askApi(acr, '2018-12-01', '?InstanceId=cri-other')).json()).toMatchObject({ IsSuccess: false });
    const made = async (key?: string) =>
      (await (await askApi(acr, '2018-12-01', '?InstanceId=cri-test', key)).json()) as {
        TempUsername: string;
        AuthorizationToken: string;
        ExpireTime: number;
      };
    const pusher = await made();
    expect(pusher.ExpireTime - Date.now()).toBeGreaterThan(3_500_000);
    const start = async ({ TempUsername, AuthorizationToken }: typeof pusher) => {
      const answer = await login(acr, TempUsername, AuthorizationToken, PUSH);
      const { token } = (await answer.json()) as { token: string };
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${acr.registry.url}/v2/web3d/app/blobs/uploads/`, { method: 'POST', headers })).status;
    };
    expect(await start(pusher)).toBe(202);
    expect(await start(await made(ACR_PULLER_KEY))).toBeGreaterThanOrEqual(401);
    acr.expireTokens();
    expect((await login(acr, pusher.TempUsername, pusher.AuthorizationToken, PUSH)).status).toBe(401);
  });
});
