import { expect, it } from 'vitest';
import { missedOccurrences } from '../../src/notify/catch-up.ts';
import type { Trouble } from '../../src/notify/notice.ts';
import type { NoticedPush, NoticeFacts } from '../../src/notify/noticed-push.ts';
import { placementTrouble } from '../../src/notify/placement-occurrences.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { platformSetOf } from '../../src/oci/platform-set.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';

const placement = {
  registry: 'singapore',
  name: parseRepositoryName('team/app'),
  sourceDigest: digestOf(Buffer.from('image')),
  platformSet: platformSetOf(['linux/arm64', 'linux/amd64']),
};
const trouble: Trouble = { key: placementTrouble(placement), since: 100, count: 1, toldAt: 100 };
const repair: NoticedPush = {
  ...{ id: 'push_1', name: 'team/app', tag: '1', state: 'running', isRelease: false, unchanged: false },
  ...{ createdAt: 100, finishedAt: null, legs: [], repairs: placement },
};

/** What a start tells; the placement was seen there last at `placedAt`. */
async function told(pushes: readonly NoticedPush[], troubles: readonly Trouble[], placedAt: number | null) {
  const facts: NoticeFacts = {
    findPush: async () => undefined,
    findChoice: async () => undefined,
    changedSince: async () => pushes,
    choicesSince: async () => [],
    isPlacedSince: async (asked, ms) => {
      expect(asked).toEqual(placement);
      return placedAt !== null && placedAt >= ms;
    },
  };
  const found: (string | null)[][] = [];
  for await (const { event, registry, image } of missedOccurrences({ facts, troubles, sinceMs: 50, nowMs: 500 }))
    found.push([event, registry, image]);
  return found;
}

const image = `team/app@${placement.sourceDigest}`;

it.each<[string, readonly NoticedPush[], readonly Trouble[], number | null, string[]]>([
  ['a repair under way says what was lost, where nobody was told', [repair], [], null, ['placement.lost']],
  ['a loss that was told is told no second time', [repair], [trouble], null, []],
  ['what is back in place again was never told and is not now', [{ ...repair, finishedAt: 300 }], [], 300, []],
  ['a loss that was told and is repaired since is told so', [], [trouble], 300, ['placement.repaired']],
  ['what was placed before it was lost repairs nothing', [], [trouble], 90, []],
  ['other troubles are of no placement', [], [{ ...trouble, key: 'transfer singapore team/app' }], 300, []],
])('%s', async (_, pushes, troubles, placedAt, events) => {
  expect(await told(pushes, troubles, placedAt)).toEqual(events.map((event) => [event, 'singapore', image]));
});
