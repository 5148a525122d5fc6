import { expect, test } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { APP, sampleDigest, V1 } from '../conformance/push-samples.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { openChild } from './child-process.ts';

test('a process killed while it writes loses nothing that it had promised, however often', async () => {
  await using folder = await openTempFolder('crash');
  const promised: string[] = [];
  let begin = 0;
  for (const lines of [40, 23, 61]) {
    await using writer = openChild('./store-writer.ts', [folder.path, String(begin)]);
    for (let n = 0; n < lines; n += 1) promised.push(await writer.nextLine());
    await writer.kill('SIGKILL');
    begin += 1_000;
  }

  const store = await openStore({ folder: folder.path });
  for (const line of promised) {
    const [what, n] = line.split(' ');
    const id = `push_${n}`;
    const found = await store.pushes.findPush(id);
    expect(found?.push.id).toBe(id);
    if (what === 'created') continue;
    expect(found?.push.digest).toBe(sampleDigest(id));
    expect((await store.journal.find('r', id, sampleDigest(id)))?.offset).toBe(Number(n));
    if (what === 'saved') continue;
    expect(found?.transfers[0]?.state).toBe('placed');
  }
  // Both or neither: a leg is placed exactly where its placement is.
  const placed = [...store.images.currentPlacements(APP)].map(({ sourceDigest }) => sourceDigest).sort();
  const legs = (await store.pushes.listPushes({}, { limit: 500 })).items.filter(
    ({ transfers }) => transfers[0]?.state === 'placed',
  );
  expect(legs.map(({ push }) => push.digest).sort()).toEqual(placed);
  const [newest] = (await store.pushes.listPushes({}, { limit: 1 })).items;
  expect((await store.pushes.findRelease(APP, V1))?.pushId).toBe(newest?.push.id);
  await store.close();
});
