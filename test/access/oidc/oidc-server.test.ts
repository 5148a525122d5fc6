import { describe, expect, it } from 'vitest';
import { openTestService } from '../../support/service.ts';
import { TestClock } from '../../support/test-clock.ts';
import { newSigningKey, openOidcServer } from '../support/oidc-server.ts';

const REGISTRIES = { aliyun: { url: 'http://127.0.0.1:1' }, singapore: { url: 'http://127.0.0.1:2' } };
const PUSH = { image: 'team/app:1', source: 'nowhere.example/team/app:1' };

function access(issuer: string) {
  return {
    access: {
      oidc: {
        gitlab: {
          issuer,
          audience: 'https://entrepot.test',
          rules: [
            { when: { ref_protected: 'true' }, role: 'ci', images: ['{project_path}', '{project_path}/*'] },
            { when: { groups: 'operators' }, role: 'ops' },
            { when: { 'kubernetes.io.namespace': 'kube-*' }, role: 'cluster', cluster: '{cluster}' },
          ],
        },
      },
    },
  };
}

describe('tokens of a real OpenID provider', () => {
  it('let a job push its own images and no others, by discovery, and be known by name', async () => {
    await using provider = await openOidcServer([await newSigningKey('k1')]);
    await using service = await openTestService({
      registries: REGISTRIES,
      choose: 'singapore',
      more: access(provider.issuer),
    });
    const job = service.api.as(await provider.token({ project_path: 'Team/App', ref_protected: true }));
    // Let in, and told that there is no such source.
    expect((await job.send('POST', '/v1/pushes', PUSH)).body.code).toBe('source_unknown');
    expect((await job.send('POST', '/v1/pushes', { ...PUSH, image: 'team/app/web:1' })).body.code).toBe(
      'source_unknown',
    );
    expect((await job.send('POST', '/v1/pushes', { ...PUSH, image: 'team/application:1' })).status).toBe(403);
    expect((await job.send('PUT', '/v1/images/team%2Fapp/choice', { registry: 'singapore' })).status).toBe(403);
    const { body } = await service.api.send('GET', '/v1/audit?limit=50');
    expect(JSON.stringify(body)).toContain('gitlab:project_path:team/app:ref:main');
    const ops = service.api.as(await provider.token({ groups: ['staff', 'operators'] }));
    expect((await ops.send('PUT', '/v1/images/team%2Fapp/choice', { registry: 'singapore' })).status).toBe(200);
    const cluster = service.api.as(
      await provider.token({ 'kubernetes.io': { namespace: 'kube-system' }, cluster: 'us-east-prod' }),
    );
    expect((await cluster.send('GET', '/v1/resolve?image=team/app:1')).body.code).toBe('image_unknown');
    expect((await cluster.send('GET', '/v1/resolve?image=team/app:1&cluster=cn-prod')).status).toBe(403);
    // Asked for once, however many tokens came.
    expect(provider.asked.filter((line) => line.startsWith('GET'))).toEqual([
      'GET /.well-known/openid-configuration',
      'GET /jwks',
    ]);
  });

  it('are nobody without the claims, for another audience, or with a claim that would widen the pattern', async () => {
    await using provider = await openOidcServer([await newSigningKey('k1')]);
    await using service = await openTestService({ registries: REGISTRIES, more: access(provider.issuer) });
    const statusOf = async (token: string) => (await service.api.as(token).send('GET', '/v1/images')).status;
    expect(await statusOf(await provider.token({ project_path: 'team/app', ref_protected: true }))).toBe(200);
    expect(await statusOf(await provider.token({ project_path: 'team/app', ref_protected: false }))).toBe(401);
    expect(await statusOf(await provider.token({ ref_protected: true }))).toBe(401);
    expect(await statusOf(await provider.token({ project_path: '*', ref_protected: true }))).toBe(401);
    expect(await statusOf(await provider.token({ project_path: ['a', 'b'], ref_protected: true }))).toBe(401);
    expect(
      await statusOf(await provider.token({ 'kubernetes.io': { namespace: 'kube-system' }, cluster: 'no-such' })),
    ).toBe(401);
    const other = await provider.token({ project_path: 'team/app', ref_protected: true }, 'https://other.test');
    expect(await statusOf(other)).toBe(401);
    // Who set it up wrongly is told what is wrong, at the API and by docker; it is a failed login all the same.
    const elsewhere = service.api.as(await provider.token({ project_path: 'team/app', ref_protected: false }));
    const why = 'its claims fit none of the rules of access.oidc.gitlab';
    expect((await elsewhere.send('GET', '/v1/images')).body.detail).toContain(why);
    const door = await elsewhere.fetch('/v2/team/app/tags/list');
    expect([door.status, door.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('invalid_token'),
    ]);
    expect(await door.text()).toContain(why);
    await expect
      .poll(async () => (await service.api.send('GET', '/v1/audit?action=login')).body)
      .toMatchObject({ items: [{ outcome: 'refused' }] });
    const job = service.api.as(await provider.token({ project_path: 'team/app', ref_protected: true }));
    expect(await (await job.fetch('/v2/other/tags/list')).text()).toContain(
      'may pull at the OCI door for images that match team/app, team/app/* only, not for other',
    );
    // As docker asks: with a token of the door, which was given for less than was asked.
    const basic = `Basic ${Buffer.from(`any:${job.token}`).toString('base64')}`;
    const given = await service.api.fetch('/v2/token?scope=repository:other:pull', {
      headers: { authorization: basic },
    });
    const { token } = (await given.json()) as { token: string };
    expect(await (await service.api.as(token).fetch('/v2/other/tags/list')).text()).toContain('only, not for other');
  });

  it('are known by the kept keys while the issuer is away, and by new keys after it changed them', async () => {
    const clock = new TestClock();
    const [first, second] = [await newSigningKey('k1'), await newSigningKey('k2')];
    const provider = await openOidcServer([first]);
    await using service = await openTestService({ registries: REGISTRIES, clock, more: access(provider.issuer) });
    const statusOf = async (token: string) => (await service.api.as(token).send('GET', '/v1/images')).status;
    const claims = { project_path: 'team/app', ref_protected: true };
    const old = await provider.token(claims);
    expect(await statusOf(old)).toBe(200);
    await provider.stop();
    // Past the age at which keys are asked for again.
    clock.advance(11 * 60_000);
    expect(await statusOf(old)).toBe(200);
    await using again = await openOidcServer([first, second], Number(new URL(provider.issuer).port));
    // It was asked in vain just before, and is left alone for half a minute.
    clock.advance(31_000);
    const fresh = await again.token(claims);
    expect(await statusOf(fresh)).toBe(200);
    expect(await statusOf(old)).toBe(200);
  });

  it('are told to come again while the keys were never had', async () => {
    const provider = await openOidcServer([await newSigningKey('k1')]);
    const token = await provider.token({ project_path: 'team/app', ref_protected: true });
    await provider.stop();
    await using service = await openTestService({ registries: REGISTRIES, more: access(provider.issuer) });
    const answer = await service.api.as(token).send('GET', '/v1/images');
    expect([answer.status, answer.body.code]).toEqual([503, 'not_ready']);
    // Our own tokens do not wait for it.
    expect((await service.api.send('GET', '/v1/images')).status).toBe(200);
    expect(service.logged.filter(({ event }) => event === 'issuer keys missing')).toHaveLength(1);
  });
});
