import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AcrDoubleOptions, openAcrDouble } from '../support/cloud/acr-double.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { openTestService } from '../support/service.ts';
import { makeImage } from '../support/test-image.ts';

const saved = { ...process.env };
beforeEach(() => {
  Object.assign(process.env, { ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAITEST', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'secret' });
});
afterEach(() => {
  process.env = { ...saved };
});

const WITH_ATTESTATIONS = makeImage({ platforms: ['linux/amd64', 'linux/arm64'], attestations: 'artifact' });

async function openWorld(
  options: AcrDoubleOptions,
  aliyun: Record<string, unknown>,
  entry: Record<string, unknown> = {},
) {
  const opened = new AsyncDisposableStack();
  const acr = opened.use(await openAcrDouble(options));
  const source = opened.use(await openTestRegistry());
  await seedImage(source, 'team/app', 'v1', WITH_ATTESTATIONS);
  await seedImage(source, 'team/app', 'v2', makeImage({ seed: 'v2' }));
  const credentials = { aliyun: { endpoint: acr.apiUrl, ...aliyun } };
  const service = opened.use(
    await openTestService({
      registries: {
        aliyun: {
          url: acr.registry.url,
          entry: { kind: 'acr', region: 'cn-beijing', prefix: 'web3d', credentials, ...entry },
        },
      },
      source,
    }),
  );
  const push = (tag = 'v1') =>
    service.api.push({ image: `team/app:${tag}`, source: `harbor.bj/team/app:${tag}`, targets: ['aliyun'] });
  return { acr, service, push, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

describe('a push to ACR', () => {
  it.each([
    ['Enterprise', 'cri-test', { instanceId: 'cri-test' }],
    ['Personal', null, {}],
  ])(
    '%s: by one temporary token; an index that it refuses is rewritten, and resolve says the digest there',
    async (_, instanceId, aliyun) => {
      await using world = await openWorld({ instanceId }, aliyun, { attestations: 'drop' });
      await world.service.api.untilFinal((await world.push()).id, 'placed', '8s');
      expect(world.acr.tokensMade).toBe(1);
      const { body } = await world.service.api.resolve('team/app:v1', 'cn-prod');
      expect(body.sourceDigest).toBe(WITH_ATTESTATIONS.digest);
      expect(body.digest).not.toBe(WITH_ATTESTATIONS.digest);
      expect(body.reference).toBe(`${new URL(world.acr.registry.url).host}/web3d/team/app@${body.digest}`);
      const image = await world.service.api.send('GET', '/v1/images/team%2Fapp/tags/v1');
      expect(image.body).toMatchObject({
        placements: [{ rewritten: ['attestations-dropped'], note: 'delivered without attestations' }],
      });
    },
  );

  it('with the attestations kept fails at once, in the words of the registry, and never counts as placed', async () => {
    await using world = await openWorld({}, { instanceId: 'cri-test' });
    const failed = await world.service.api.untilFinal((await world.push()).id, 'failed', '20s');
    const [leg] = failed.transfers;
    expect(leg).toMatchObject({ attempts: 1, error: { code: 'attestations_refused', side: 'target' } });
    expect(leg?.error?.detail).toContain('unknown manifest class for application/vnd.oci.empty.v1+json');
    expect((await world.service.api.resolve('team/app:v1', 'cn-prod')).status).toBe(409);
  });

  it('gets another temporary token when the first one ends before its time', async () => {
    await using world = await openWorld({}, { instanceId: 'cri-test' }, { attestations: 'drop' });
    await world.service.api.untilFinal((await world.push()).id, 'placed', '8s');
    world.acr.expireTokens();
    await world.service.api.untilFinal((await world.push('v2')).id, 'placed', '8s');
    expect(world.acr.tokensMade).toBe(2);
  });

  it.each([
    ['an instance that is not there', { instanceId: 'cri-other' }, 'INSTANCE_NOT_EXIST'],
    ['the other edition', {}, 'InvalidAction'],
  ])('of %s says what Alibaba Cloud said', async (_, aliyun, said) => {
    await using world = await openWorld({}, aliyun);
    const { id } = await world.push();
    const leg = await world.service.api.untilLeg(id, 'aliyun', ({ error }) => error !== null);
    expect(leg.error?.detail).toContain(said);
  });
});
