import { describe, expect, it } from 'vitest';
import { selectBackfill } from '../../src/choice/backfill-selection.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { type PlatformSet, platformSetOf } from '../../src/oci/platform-set.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { digestFor, release } from './sample-release.ts';

type Row = {
  readonly says: string;
  /** `tag=digest@acceptedAt`, `?` for a digest not known yet; `digest/platform` is some platforms of it. */
  readonly releases: readonly string[];
  readonly used?: readonly string[];
  readonly placed?: readonly string[];
  readonly newest?: number;
  readonly carries: readonly string[];
};

const ROWS: readonly Row[] = [
  { says: 'nothing of an image without releases', releases: [], carries: [] },
  { says: 'newest first', releases: ['1=a@1', '3=c@3', '2=b@2'], carries: ['3=c', '2=b', '1=a'] },
  { says: 'the newest N', releases: ['1=a@1', '2=b@2', '3=c@3'], newest: 2, carries: ['3=c', '2=b'] },
  { says: 'not what is there', releases: ['1=a@1', '2=b@2'], placed: ['b'], carries: ['1=a'] },
  {
    says: 'what is there counts among the newest',
    releases: ['1=a@1', '2=b@2', '3=c@3'],
    placed: ['c'],
    newest: 2,
    carries: ['2=b'],
  },
  {
    says: 'what was used, however old',
    releases: ['1=a@1', '2=b@2', '3=c@3', '4=d@4'],
    newest: 1,
    used: ['b'],
    carries: ['4=d', '2=b'],
  },
  {
    says: 'what was used and is there, not',
    releases: ['1=a@1', '2=b@2'],
    newest: 1,
    used: ['a'],
    placed: ['a'],
    carries: ['2=b'],
  },
  { says: 'used ones once', releases: ['1=a@1', '2=b@2'], used: ['b', 'a', 'a'], carries: ['2=b', '1=a'] },
  {
    says: 'used ones that no tag means any more, last',
    releases: ['1=a@1'],
    used: ['z', 'a'],
    carries: ['1=a', '-=z'],
  },
  {
    says: 'used ones only, when no newest are wanted',
    releases: ['1=a@1', '2=b@2'],
    newest: 0,
    used: ['a'],
    carries: ['1=a'],
  },
  { says: 'each tag of the same digest', releases: ['1=a@1', 'latest=a@2'], carries: ['latest=a', '1=a'] },
  {
    says: 'a used digest with its newest tag',
    releases: ['1=a@1', '2=a@2', '3=c@3'],
    newest: 1,
    used: ['a'],
    carries: ['3=c', '2=a'],
  },
  {
    says: 'not what has no digest yet, though it is among the newest',
    releases: ['1=a@1', '2=?@2'],
    newest: 1,
    carries: [],
  },
  {
    says: 'the platforms of a digest that are used or are not there, and no others of it',
    releases: ['1=a@1', '2=a/arm@2', '3=a/amd@3', '4=d@4'],
    newest: 1,
    used: ['a/arm', 'a/amd', 'z/arm'],
    placed: ['a/amd'],
    carries: ['4=d', '2=a/arm', '-=z/arm'],
  },
  { says: 'at one instant the later push first', releases: ['a=a@1', 'b=b@1'], newest: 1, carries: ['b=b'] },
];

describe('the releases that a choice carries', () => {
  it.each(ROWS)('$says', ({ releases, used = [], placed = [], newest = 20, carries }) => {
    const words = new Map(['a', 'b', 'c', 'd', 'z'].map((word) => [digestFor(word), word]));
    const read = (text: string) => {
      const [word = '', platform] = text.split('/');
      const platformSet = platformSetOf(platform === undefined ? [] : [`linux/${platform}`]);
      return { sourceDigest: digestFor(word), platformSet };
    };
    const write = (digest: Digest, platformSet: PlatformSet) =>
      `${words.get(digest)}${platformSet.replace('linux', '')}`;
    const selected = selectBackfill({
      name: parseRepositoryName('team/app'),
      releases: releases.map((text, at) => {
        const [tag = '', content = '', acceptedAt] = text.split(/[=@]/);
        const { sourceDigest, platformSet } = read(content);
        const meant = release(`team/app:${tag}`, null, `psh_${at}`, Number(acceptedAt));
        return { ...meant, digest: content === '?' ? null : sourceDigest, platformSet };
      }),
      used: used.map(read),
      newest,
      isWanted: ({ sourceDigest, platformSet }) => !placed.includes(write(sourceDigest, platformSet)),
    });
    const written = selected.map(({ tag, digest, platformSet }) => `${tag ?? '-'}=${write(digest, platformSet)}`);
    expect(written).toEqual(carries);
  });
});
