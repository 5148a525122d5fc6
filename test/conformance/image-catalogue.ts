import { describe, expect, test } from 'vitest';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { parseTag } from '../../src/oci/tag.ts';
import type { ImageCatalogue } from '../../src/sync/push/image-catalogue.ts';
import type { Paged, PushStore } from '../../src/sync/push/push-store.ts';
import { sampleDigest, samplePlacement, samplePush, sampleTransfer } from './push-samples.ts';
import type { OpenForTest } from './push-store.ts';

/** `name:tag@acceptedAt`, with `?` for a push whose digest is not known; returns the id of the push. */
async function release(store: PushStore, text: string): Promise<string> {
  const [, name = '', tag = '', at = '', unknown] = /^(.+):(.+)@(\d+)(\?)?$/.exec(text) ?? [];
  const push = samplePush({
    id: `push_${at}`,
    name: parseRepositoryName(name),
    tag: parseTag(tag),
    createdAt: Number(at),
    digest: unknown === undefined ? sampleDigest(text) : null,
  });
  await store.createPush(push, []);
  return push.id;
}

async function readPages<T>(list: (cursor: string | undefined) => Promise<Paged<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(cursor);
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return items;
}

/** What every implementation of the port `ImageCatalogue` does, over what a push store of the same place was told. */
export function describeImageCatalogue(
  name: string,
  open: OpenForTest<{ images: ImageCatalogue; pushes: PushStore }>,
): void {
  describe(`${name} as image catalogue`, () => {
    const app = parseRepositoryName('team/app');

    test('images are listed by name with their tags and last push, restricted by prefix, in pages', async () => {
      await using opened = await open();
      const { images, pushes } = opened.store;
      for (const text of [
        'team/web:v1@1',
        'team/app:v1@2',
        'team/app:v2@3',
        'team/app:v1@4',
        'tea:v1@5',
        'x_y/z:v1@6',
      ]) {
        await release(pushes, text);
      }
      const list = (prefix?: string) => readPages((cursor) => images.listImages({ prefix }, { limit: 1, cursor }));
      const summary = { name: app, tags: 2, pushedAt: 4 };
      expect((await list()).map((image) => image.name)).toEqual(['tea', 'team/app', 'team/web', 'x_y/z']);
      expect(await list('team/')).toEqual([summary, { name: 'team/web', tags: 1, pushedAt: 1 }]);
      expect((await list('x_')).map((image) => image.name)).toEqual(['x_y/z']);
      expect(await list('x%')).toEqual([]);
      expect(await images.findImage(app)).toEqual(summary);
      expect(await images.findImage(parseRepositoryName('team'))).toBeUndefined();
    });

    test('releases of an image are what each tag means now, newest accepted first', async () => {
      await using opened = await open();
      const { images, pushes } = opened.store;
      await release(pushes, 'team/app:v1@1');
      await release(pushes, 'team/app:v2@2');
      await release(pushes, 'team/app:v1@3');
      await release(pushes, 'team/app:v3@4?');
      await release(pushes, 'team/web:v1@5');
      const withdrawn = await release(pushes, 'team/app:v2@6?');
      await pushes.updatePush(withdrawn, { state: 'failed' });
      const list = await readPages((cursor) => images.listReleases(app, { limit: 2, cursor }));
      expect(list.map(({ tag, pushId, digest }) => [tag, pushId, digest])).toEqual([
        ['v3', 'push_4', null],
        ['v1', 'push_3', sampleDigest('team/app:v1@3')],
        ['v2', 'push_2', sampleDigest('team/app:v2@2')],
      ]);
    });

    test('an image whose only push ended without a digest is none', async () => {
      await using opened = await open();
      const { images, pushes } = opened.store;
      await pushes.updatePush(await release(pushes, 'team/app:v1@1?'), { state: 'cancelled' });
      expect(await images.findImage(app)).toBeUndefined();
      expect((await images.listImages({}, { limit: 5 })).items).toEqual([]);
      expect([...images.currentReleases(app)]).toEqual([]);
      expect(images.imageNames('')).toEqual([]);
    });

    test('the history of a tag is everything it has meant, newest first', async () => {
      await using opened = await open();
      const { images, pushes } = opened.store;
      for (const at of [1, 2, 3]) await release(pushes, `team/app:v1@${at}`);
      await release(pushes, 'team/app:v2@4');
      await pushes.updatePush(await release(pushes, 'team/app:v1@5?'), { state: 'failed' });
      await release(pushes, 'team/app:v1@6?');
      const history = await readPages((cursor) => images.releaseHistory(app, parseTag('v1'), { limit: 2, cursor }));
      expect(history.map(({ pushId }) => pushId)).toEqual(['push_6', 'push_3', 'push_2', 'push_1']);
    });

    test('placements are those of the digests asked for', async () => {
      await using opened = await open();
      const { images, pushes } = opened.store;
      const digests = ['a', 'b', 'c'].map(sampleDigest);
      for (const [n, sourceDigest] of digests.entries()) {
        const placement = samplePlacement({ sourceDigest, digest: sourceDigest });
        await pushes.createPush(samplePush({ id: `push_${n}` }), [sampleTransfer(`push_${n}`)]);
        await pushes.placeTransfer(`push_${n}`, 'singapore', {}, placement);
      }
      const asked = [...digests.slice(0, 2), ...digests.slice(0, 1), sampleDigest('none')];
      const found = await images.placementsOf(app, asked);
      expect(found.map(({ sourceDigest }) => sourceDigest).sort()).toEqual(digests.slice(0, 2).sort());
      expect(await images.placementsOf(app, [])).toEqual([]);
      expect(await images.placementsOf(parseRepositoryName('team/web'), digests)).toEqual([]);
      expect([...images.currentPlacements(app)].map(({ sourceDigest }) => sourceDigest).sort()).toEqual(digests.sort());
    });

    test('what every tag means now is the same in bulk as one by one', async () => {
      await using opened = await open();
      const { images, pushes } = opened.store;
      for (const text of ['team/app:v1@1', 'team/app:v1@2', 'team/app:v2@3?', 'a/b:v1@4', 'a/b:v1@5?']) {
        await release(pushes, text);
      }
      await pushes.updatePush('push_5', { state: 'failed' });
      const names = images.imageNames('');
      expect(names).toEqual(['a/b', 'team/app']);
      expect([images.imageNames('a/b'), images.imageNames('team/app')]).toEqual([['team/app'], []]);
      const current = names.flatMap((name) => [...images.currentReleases(name)]);
      expect(current.map(({ pushId }) => pushId).sort()).toEqual(['push_2', 'push_3', 'push_4']);
      for (const each of current) expect(await pushes.findRelease(each.name, each.tag)).toEqual(each);
    });
  });
}
