import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseDigest } from '../../src/oci/digest.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { ecrAuthorization } from '../support/cloud/ecr-authorization.ts';
import { openEcrDouble } from '../support/cloud/ecr-double.ts';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { openTestService } from '../support/service.ts';
import { TestClock } from '../support/test-clock.ts';
import { makeImage, type TestImageOptions } from '../support/test-image.ts';

const saved = { ...process.env };
beforeEach(() => {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'AKIDTEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
});
afterEach(() => {
  process.env = { ...saved };
});

async function openWorld(options: Parameters<typeof openEcrDouble>[0], entry: Record<string, unknown> = {}) {
  const opened = new AsyncDisposableStack();
  const clock = new TestClock();
  const ecr = opened.use(await openEcrDouble(options));
  const source = opened.use(await openTestRegistry());
  const service = opened.use(
    await openTestService({
      registries: {
        singapore: {
          url: ecr.registry.url,
          entry: { kind: 'ecr', region: 'ap-southeast-1', credentials: { aws: { endpoint: ecr.apiUrl } }, ...entry },
        },
      },
      source,
      clock,
      more: { limits: { chunkBytes: '1MiB', transfersPerRegistry: 100 } },
    }),
  );
  const push = async (tag: string, image: TestImageOptions, name = 'team/app') => {
    await seedImage(source, name, tag, makeImage(image));
    return await service.api.push({
      image: `${name}:${tag}`,
      source: `harbor.bj/${name}:${tag}`,
      targets: ['singapore'],
    });
  };
  return { clock, ecr, service, push, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

describe('a push to ECR', () => {
  it('makes the repository, sends parts of the size that ECR takes, and goes on when the password ends', async () => {
    await using world = await openWorld({ validatorLag: 2 });
    world.ecr.registry.failNext('PATCH', { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } });
    const push = await world.push('v1', { layers: [{ size: 12 * 1024 * 1024 }, { size: 1_000 }] });
    await world.service.api.untilFinal(push.id);
    const parts = world.ecr.registry.requests.filter(({ method, status }) => method === 'PATCH' && status === 201);
    expect(parts.every(({ bytesIn }) => bytesIn >= 5 * 1024 * 1024)).toBe(true);
    expect(world.ecr.limits.calls.get('CreateRepository')).toBe(1);
    expect(world.ecr.limits.calls.get('GetAuthorizationToken')).toBe(2);
  });

  it('of an immutable tag: the same digest is done, another one is a conflict', async () => {
    await using world = await openWorld({ immutableTags: true });
    await world.service.api.untilFinal((await world.push('v1', { seed: 1 })).id);
    await world.service.api.untilFinal((await world.push('v1', { seed: 1 })).id);
    const other = await world.service.api.untilFinal((await world.push('v1', { seed: 2 })).id, 'failed');
    expect(other.transfers[0]?.error?.code).toBe('tag_immutable');
  });

  it('asks for one password, whatever goes on at once', async () => {
    await using world = await openWorld({});
    const pushes = await Promise.all(Array.from({ length: 20 }, (_, n) => world.push(`v${n}`, { seed: n })));
    await Promise.all(pushes.map(({ id }) => world.service.api.untilFinal(id)));
    expect(world.ecr.limits.calls.get('GetAuthorizationToken')).toBe(1);
  });

  it('is slowed by throttling at both doors of ECR, and arrives without a failed attempt', async () => {
    await using world = await openWorld({
      limits: { PutImage: 2, BatchCheckLayerAvailability: 2, InitiateLayerUpload: 10, CreateRepository: 1 },
    });
    const pushes = await Promise.all(Array.from({ length: 8 }, (_, n) => world.push(`v${n}`, { seed: n })));
    const placed = await Promise.all(pushes.map(({ id }) => world.service.api.untilFinal(id, 'placed', '40s')));
    expect(placed.flatMap(({ transfers }) => transfers.map(({ attempts }) => attempts))).toEqual(pushes.map(() => 1));
    const { calls, throttled } = world.ecr.limits;
    // The bucket believes the quota of the documentation (10/s) until it is refused; then it keeps below what there is.
    expect(throttled.get('PutImage')).toBeGreaterThan(0);
    expect(throttled.get('PutImage')).toBeLessThan((calls.get('PutImage') ?? 0) * 0.7);
  });

  it('waits until its layers are seen, before it puts the manifest that names them', async () => {
    await using world = await openWorld({ visibleAfterMs: 600 });
    await world.service.api.untilFinal((await world.push('v1', { seed: 1 })).id);
    expect(world.ecr.limits.calls.get('PutImage')).toBe(1);
  });

  it('that ECR has archived meanwhile is noticed when it is looked at again, and pushed again', async () => {
    await using world = await openWorld({});
    const { api } = world.service;
    await api.untilFinal((await world.push('v1', { seed: 1 })).id);
    const { digest } = (await api.send('GET', '/v1/images/team%2Fapp/tags/v1')).body as { digest: string };
    await world.ecr.archive(parseRepositoryName('team/app'), parseDigest(digest));
    const manifest = `${world.ecr.registry.url}/v2/team/app/manifests/${digest}`;
    const headers = await ecrAuthorization(world.ecr.apiUrl);
    const pulls = async () => (await fetch(manifest, { headers })).status;
    expect(await pulls()).toBe(404);
    world.clock.advance(25 * 3_600_000);
    await eventually(
      async () => {
        world.clock.advance(60_000);
        return (await pulls()) === 200;
      },
      { deadlineMs: 20_000, everyMs: 1_000, what: 'the archived image pushed again' },
    );
  });

  it.each([
    ['asked for where the account has opted in', true],
    ['not asked for elsewhere', false],
  ])('blobs of another repository: mounting is %s', async (_, blobMounting) => {
    await using world = await openWorld({ mounting: true }, { blobMounting });
    const image = { layers: [{ size: 70_000 }] };
    await world.service.api.untilFinal((await world.push('v1', image)).id);
    const other = await world.service.api.untilFinal((await world.push('v1', image, 'team/other')).id);
    const mounts = world.ecr.registry.requests.filter(({ path }) => path.includes('mount='));
    expect(mounts.length > 0).toBe(blobMounting);
    expect((other.transfers[0]?.bytesSavedMounted ?? 0) > 70_000).toBe(blobMounting);
  });
});
