import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { openTestRegistry, type TestRegistry } from '../../support/registry.ts';
import { openTestService, type TestService, type TestServiceOptions } from '../../support/service.ts';
import { TestClock } from '../../support/test-clock.ts';
import { dockerSave, LayoutBuilder, layerTar, named, noise, tarOf } from '../archive/archive-builder.ts';

let clock: TestClock;
let aliyun: TestRegistry;
let singapore: TestRegistry;
let service: TestService;

const open = (limits: object = {}) =>
  openTestService({
    clock,
    registries: { aliyun, singapore },
    choose: 'singapore',
    more: { limits },
  } satisfies TestServiceOptions);
const pushes = async () => (await service.api.send('GET', '/v1/pushes')).body.items;

beforeEach(async () => {
  clock = new TestClock();
  [aliyun, singapore] = [await openTestRegistry(), await openTestRegistry()];
  service = await open();
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await Promise.all([aliyun, singapore].map((registry) => registry.close()));
});

async function layoutOf(seed: number): Promise<{ tar: Buffer; digest: string }> {
  const builder = new LayoutBuilder();
  const image = builder.addImage([
    await layerTar('one', noise(20_000, seed)),
    await layerTar('two', noise(9_000, seed + 1)),
  ]);
  return { tar: await tarOf(builder.layout([named(image, 'team/app:1')])), digest: image.digest };
}

describe('an archive', () => {
  it('as an OCI layout keeps its digest and is placed at home and at the relay', async () => {
    const { tar, digest } = await layoutOf(1);
    const accepted = await service.api.pushArchive('team/app:1', tar);
    expect(accepted).toMatchObject({ digest, source: { kind: 'archive', reference: null } });
    await service.api.untilFinal(accepted.id);
    for (const registry of [aliyun, singapore])
      expect(
        (await fetch(`${registry.url}/v2/team/app/manifests/1`, { method: 'HEAD' })).headers.get(
          'docker-content-digest',
        ),
      ).toBe(digest);
    expect((await service.api.pushArchive('team/app:1', tar)).unchanged).toBe(true);
  });

  it('of docker save has the same digest each time', async () => {
    const tar = await tarOf(dockerSave([{ tags: ['team/app:1'], layerTars: [await layerTar('one', noise(20_000))] }]));
    const first = await service.api.pushArchive('team/app:1', tar);
    await service.api.untilFinal(first.id);
    expect(await service.api.pushArchive('team/app:1', tar)).toMatchObject({ digest: first.digest, unchanged: true });
  });

  it('with an Idempotency-Key gets the first answer again for the same bytes, and is refused for others', async () => {
    const [{ tar, digest }, other] = await Promise.all([layoutOf(1), layoutOf(7)]);
    expect(other.tar.byteLength).toBe(tar.byteLength);
    const send = (bytes: Uint8Array, query = 'image=team/app:1') =>
      service.api.sendArchive(query, bytes, undefined, { 'idempotency-key': 'build-17' });
    const first = await send(tar);
    expect(first).toMatchObject({ status: 202, body: { digest } });
    expect((await send(tar)).body.id).toBe(first.body.id);
    const refused = { status: 409, body: { code: 'idempotency_conflict' } };
    expect(await send(other.tar)).toMatchObject(refused);
    expect(await send(tar, 'image=team/app:2')).toMatchObject(refused);
    expect(await pushes()).toHaveLength(1);
  });

  it('goes on by itself after its relay was away, from the depot alone', async () => {
    const { tar, digest } = await layoutOf(1);
    await singapore.stop();
    const accepted = await service.api.pushArchive('team/app:1', tar);
    await service.api.untilLeg(accepted.id, 'singapore', (leg) => leg.state === 'waiting');
    await singapore.start();
    clock.advance(6 * 60_000);
    expect(await service.api.untilFinal(accepted.id)).toMatchObject({ digest });
  });

  it.each([
    ['that is no tar', Buffer.from('not a tar at all, whatever it says'.repeat(40))],
    ['that is empty', Buffer.alloc(0)],
    ['that holds no image', undefined],
  ])('%s is refused and leaves no push', async (_, bytes) => {
    const answer = await service.api.sendArchive(
      'image=team/app:1',
      bytes ?? (await tarOf([{ name: 'readme', bytes: 'hello' }])),
    );
    expect(answer).toMatchObject({ status: 422, body: { code: 'archive_invalid' } });
    expect(await pushes()).toEqual([]);
  });

  it('with a missing layer, or a path that climbs out, is refused', async () => {
    const builder = new LayoutBuilder();
    const image = builder.addImage([await layerTar('one', noise(20_000))]);
    const parts = builder.layout([named(image, 'team/app:1')]);
    const without = parts.filter((part) => part !== parts[1]);
    const climbing = [...parts, { name: '../../outside', bytes: 'x' }];
    for (const bad of [without, climbing])
      expect(await service.api.sendArchive('image=team/app:1', await tarOf(bad))).toMatchObject({
        status: 422,
        body: { code: 'archive_invalid' },
      });
    expect(await pushes()).toEqual([]);
  });

  it('that is cut short leaves no push and no blob that anything needs', async () => {
    const { tar } = await layoutOf(1);
    const cut = new AbortController();
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (sent >= tar.byteLength / 2) return new Promise(() => {});
        controller.enqueue(tar.subarray(sent, sent + 4_096));
        sent += 4_096;
      },
    });
    const answer = service.api.sendArchive('image=team/app:1', body, cut.signal);
    await eventually(() => sent >= tar.byteLength / 2);
    cut.abort();
    await expect(answer).rejects.toThrow();
    expect(await pushes()).toEqual([]);
    await eventually(async () => Number((await service.api.send('GET', '/v1/depot')).body.landingBytes) === 0);
    expect((await service.api.send('GET', '/v1/depot')).body).toMatchObject({ pinnedBytes: 0 });
    expect((await service.api.sendArchive('image=team/app:1', tar.subarray(0, 9_000))).body).toMatchObject({
      code: 'archive_invalid',
    });
  });

  it('that is too large, or for which the depot has no room, is answered so', async () => {
    await service[Symbol.asyncDispose]();
    service = await open({ archiveBytes: 10_000 });
    const { tar } = await layoutOf(1);
    expect(await service.api.sendArchive('image=team/app:1', tar)).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    });
    await service[Symbol.asyncDispose]();
    service = await open({ depotBytes: 10_000 });
    expect(await service.api.sendArchive('image=team/app:1', tar)).toMatchObject({
      status: 507,
      body: { code: 'depot_full' },
    });
    expect(await pushes()).toEqual([]);
  });

  it('pins what it landed until its push is final, and not longer', async () => {
    const { tar } = await layoutOf(1);
    await Promise.all([aliyun, singapore].map((registry) => registry.stop()));
    const { id } = await service.api.pushArchive('team/app:1', tar);
    expect(Number((await service.api.send('GET', '/v1/depot')).body.pinnedBytes)).toBeGreaterThan(25_000);
    await Promise.all([aliyun, singapore].map((registry) => registry.start()));
    await eventually(
      async () => {
        clock.advance(60_000);
        return (await service.api.getPush(id)).state === 'placed';
      },
      { everyMs: 50 },
    );
    expect((await service.api.send('GET', '/v1/depot')).body).toMatchObject({ pinnedBytes: 0 });
  });
});
