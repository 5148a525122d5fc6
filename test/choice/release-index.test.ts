import { describe, expect, it } from 'vitest';
import { ReleaseIndex } from '../../src/choice/release-index.ts';
import type { CurrentPlacement, CurrentRelease } from '../../src/choice/release-source.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import { digestFor, placement, release, releaseSourceOf } from './sample-release.ts';

const one = release('team/app:1', 'a', 'psh_2', 2_000);
const accepted = (from: CurrentRelease) =>
  ({ ...from, type: 'push.accepted', at: from.acceptedAt, release: true }) as const;
const confirmed = (from: CurrentPlacement) => ({ ...from, type: 'placement.confirmed' }) as const;
const gone = (from: CurrentPlacement) => ({ ...from, type: 'placement.withdrawn' }) as const;
const withdrawn = (from: CurrentRelease) => ({ ...from, type: 'push.withdrawn' }) as const;

type Given = {
  readonly releases?: readonly CurrentRelease[];
  readonly placements?: readonly CurrentPlacement[];
  readonly findRelease?: () => Promise<CurrentRelease | undefined>;
};

function openIndex({ releases = [], placements = [], findRelease = async () => undefined }: Given = {}) {
  const events = new EventBus();
  const errors: unknown[] = [];
  const changes: string[] = [];
  const source = { ...releaseSourceOf({ releases, placements }), findRelease };
  const index = new ReleaseIndex({ source, events, onError: (error) => errors.push(error) });
  index.onChange((name) => changes.push(name));
  const meaning = () => index.findImage('team/app')?.tags.get('1');
  const held = (word: string) => index.findImage('team/app')?.findDigest(digestFor(word))?.sourceDigest;
  return { events, errors, changes, index, meaning, held };
}

describe('the index of releases', () => {
  it('tells each change after it can be read', () => {
    const { events, changes, index, meaning } = openIndex();
    const seen: unknown[] = [];
    index.onChange(() => seen.push(meaning()?.digest));
    events.emit(accepted({ ...one, digest: null }));
    events.emit({ type: 'push.digest', pushId: 'psh_1', name: one.name, tag: one.tag, digest: digestFor('x') });
    events.emit({ type: 'push.digest', pushId: one.pushId, name: one.name, tag: one.tag, digest: digestFor('a') });
    expect(seen).toEqual([null, digestFor('a')]);
    expect(changes).toEqual(['team/app', 'team/app']);
    index.close();
    events.emit(accepted({ ...one, pushId: 'psh_9' }));
    expect(meaning()?.pushId).toBe('psh_2');
  });

  it('keeps the newest push when an earlier one is taken up again', () => {
    const { events, meaning } = openIndex({ releases: [one] });
    events.emit(accepted({ ...one, pushId: 'psh_1', acceptedAt: 1_000 }));
    expect(meaning()?.pushId).toBe('psh_2');
    events.emit(accepted({ ...one, pushId: 'psh_3', acceptedAt: 1_000 }));
    expect(meaning()?.pushId).toBe('psh_3');
  });

  it('forgets an image with its last tag and placement', async () => {
    const a = placement('team/app', 'a', 'korea');
    const { events, index } = openIndex({ releases: [one], placements: [a] });
    events.emit(withdrawn(one));
    await Promise.resolve();
    expect(index.findImage('team/app')?.tags.size).toBe(0);
    events.emit(gone(a));
    expect(index.findImage('team/app')).toBeUndefined();
    events.emit(gone(a));
    expect([...index.images()]).toEqual([]);
  });

  it('keeps what a newer push said while the store was asked about a withdrawn one', async () => {
    const asked = Promise.withResolvers<CurrentRelease>();
    const { events, meaning } = openIndex({ releases: [one], findRelease: () => asked.promise });
    events.emit(withdrawn(one));
    expect(meaning()?.pushId).toBe('psh_2');
    events.emit(accepted({ ...one, pushId: 'psh_3', digest: digestFor('c') }));
    asked.resolve({ ...one, pushId: 'psh_1', digest: digestFor('old') });
    await asked.promise;
    await Promise.resolve();
    expect(meaning()).toMatchObject({ pushId: 'psh_3', digest: digestFor('c') });
  });

  it('asks nothing about a withdrawn push that a newer one had replaced', () => {
    let asked = 0;
    const findRelease = async () => {
      asked += 1;
      return undefined;
    };
    const { events, meaning } = openIndex({ releases: [one], findRelease });
    events.emit(withdrawn({ ...one, pushId: 'psh_1' }));
    expect([asked, meaning()?.pushId]).toEqual([0, 'psh_2']);
  });

  it('keeps the meaning when the store cannot be asked, and says so', async () => {
    const findRelease = () => Promise.reject(new Error('busy'));
    const { events, errors, meaning } = openIndex({ releases: [one], findRelease });
    events.emit(withdrawn(one));
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toMatchObject([{ message: 'busy' }]);
    expect(meaning()?.pushId).toBe('psh_2');
  });

  it("finds by a registry's own digest for as long as one holds it", () => {
    const { events, held } = openIndex({ placements: [placement('team/app', 'a', 'korea', 'there')] });
    expect(held('there')).toBe(digestFor('a'));
    events.emit(confirmed(placement('team/app', 'a', 'japan', 'there')));
    events.emit(confirmed(placement('team/app', 'a', 'korea', 'elsewhere')));
    expect([held('there'), held('elsewhere')]).toEqual([digestFor('a'), digestFor('a')]);
    events.emit(gone(placement('team/app', 'a', 'japan')));
    expect([held('there'), held('elsewhere')]).toEqual([undefined, digestFor('a')]);
    events.emit(confirmed(placement('team/app', 'a', 'korea', 'third')));
    expect([held('elsewhere'), held('third')]).toEqual([undefined, digestFor('a')]);
    events.emit(gone(placement('team/app', 'a', 'korea')));
    expect([held('third'), held('a')]).toEqual([undefined, undefined]);
  });

  it('means always the same of two that were rewritten to one digest, and a source before either', () => {
    const [lesser, greater] = ['a', 'b'].sort((x, y) => (digestFor(x) < digestFor(y) ? -1 : 1));
    const both = [lesser, greater].map((word) => placement('team/app', word ?? '', 'korea', 'there'));
    for (const placements of [both, both.toReversed()]) {
      const { events, held } = openIndex({ placements });
      expect(held('there')).toBe(digestFor(lesser ?? ''));
      events.emit(gone(placement('team/app', lesser ?? '', 'korea')));
      expect(held('there')).toBe(digestFor(greater ?? ''));
      events.emit(confirmed(placement('team/app', 'there', 'japan')));
      expect(held('there')).toBe(digestFor('there'));
    }
  });

  describe('before it has read all', () => {
    const names = ['a/one', 'b/two', 'c/three'];
    const releases = names.map((name) => release(`${name}:1`, 'a', 'psh_1'));

    function countReads(given: Given = { releases }) {
      const reads: string[] = [];
      const source = { ...releaseSourceOf(given), findRelease: async () => undefined };
      const events = new EventBus();
      const counting = {
        ...source,
        currentReleases: (name: CurrentRelease['name']) => {
          reads.push(name);
          return source.currentReleases(name);
        },
      };
      return { reads, events, index: new ReleaseIndex({ source: counting, events }) };
    }

    it('reads an image when it is asked for, once, and no other', () => {
      const { reads, index } = countReads();
      expect(reads).toEqual([]);
      expect(index.findImage('b/two')?.tags.get('1')?.digest).toBe(digestFor('a'));
      expect(index.findImage('b/two')?.tags.size).toBe(1);
      expect(reads).toEqual(['b/two']);
    });

    it('has all of them when all are asked for, and asks for none afterwards', () => {
      const { reads, index } = countReads();
      expect([...index.imageNames()]).toEqual(names);
      expect(reads).toEqual([]);
      expect([...index.images()].map(({ name }) => name)).toEqual(names);
      expect(index.findImage('d/none')).toBeUndefined();
      expect(reads).toEqual(names);
    });

    it('reads the rest by itself', async () => {
      const { reads, index } = countReads();
      index.findImage('b/two');
      await index.fill();
      expect(reads).toEqual(['b/two', 'a/one', 'c/three']);
      expect(index.findImage('c/three')?.tags.size).toBe(1);
      expect(index.findImage('d/none')).toBeUndefined();
      expect(reads.length).toBe(3);
    });

    it('takes an event for an image that is not here as a change of what the store holds of it', () => {
      const a = placement('a/one', 'a', 'korea');
      const { events, index } = countReads({ releases, placements: [a, placement('a/one', 'b', 'japan')] });
      events.emit(gone(a));
      const image = index.findImage('a/one');
      const isThere = (word: string, registry: string) =>
        image?.hasPlacement(registry, placement('a/one', word, registry));
      expect([isThere('a', 'korea'), isThere('b', 'japan')]).toEqual([false, true]);
    });

    it('does not bring back what was withdrawn while it was reading', async () => {
      const many = Array.from({ length: 1_200 }, (_, n) => placement('a/one', `layer ${n}`, 'korea'));
      const { events, index } = countReads({ placements: many });
      const filled = index.fill();
      for (const each of many) events.emit(gone(each));
      await filled;
      expect(index.findImage('a/one')).toBeUndefined();
      expect([...index.images()]).toEqual([]);
    });

    it('lets others go on while it reads, and stops when it is closed', async () => {
      const many = Array.from({ length: 1_200 }, (_, n) => placement('a/one', `layer ${n}`, 'korea'));
      const { index, reads } = countReads({ placements: many });
      const filled = index.fill();
      let turns = 0;
      const turn = () => {
        turns += 1;
        if (turns === 1) index.close();
      };
      setImmediate(turn);
      await filled;
      expect([turns, reads]).toEqual([1, []]);
    });
  });
});
