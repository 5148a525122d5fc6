import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it as plainIt } from 'vitest';
import type { BackfillRequest } from '../../src/choice/backfill.ts';
import type { ChoiceStore } from '../../src/choice/choice-store.ts';
import type { BackfillProgress } from '../../src/choice/choices.ts';
import { type ChoicesOptions, openChoices } from '../../src/choice/open-choices.ts';
import { ReleaseIndex } from '../../src/choice/release-index.ts';
import type { CurrentPlacement, CurrentRelease } from '../../src/choice/release-source.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import { Failure } from '../../src/kernel/failure.ts';
import { openStore } from '../../src/store/store.ts';
import { ManualClock } from './manual-clock.ts';
import { digestFor, placement, release, releaseSourceOf } from './sample-release.ts';
import { sampleWorld } from './sample-world.ts';

type Stand = { readonly store: ChoiceStore };
type Given = {
  readonly releases?: readonly CurrentRelease[];
  readonly placements?: readonly CurrentPlacement[];
  readonly options?: Partial<ChoicesOptions>;
};

const it = plainIt.extend<Stand>({
  // biome-ignore lint/correctness/noEmptyPattern: the first parameter of a fixture must be a destructured object
  store: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'entrepot-choices-'));
    const store = await openStore({ folder });
    await use(store.choices);
    await store.close();
    await rm(folder, { recursive: true });
  },
});

async function openStand(store: ChoiceStore, given: Given = {}) {
  const clock = new ManualClock();
  const events = new EventBus();
  const source = {
    ...releaseSourceOf(given),
    findRelease: async () => undefined,
  };
  const index = new ReleaseIndex({ source, events });
  const started: BackfillRequest[] = [];
  const errors: unknown[] = [];
  const told: string[] = [];
  events.on('choice.changed', ({ subject, revision }) => told.push(`${subject}#${revision}`));
  const backfill = {
    start: async (request: BackfillRequest) => void started.push(request),
    progress: async (origin: string): Promise<BackfillProgress> => {
      const total = started
        .filter((request) => request.origin === origin)
        .reduce((sum, each) => sum + each.releases.length, 0);
      return { total, placed: 0, failed: 0 };
    },
  };
  const onError = (error: unknown) => errors.push(error);
  const choices = await openChoices({
    world: sampleWorld(),
    store,
    events,
    clock,
    backfill,
    index,
    onError,
    ...given.options,
  });
  return { clock, events, index, started, errors, told, choices };
}

const asked = { subject: 'team/app', registry: 'korea', who: 'ops', reason: 'steadier', evidence: null };
const withdrawn = { subject: 'team/app', who: 'ops', reason: null };
const carried = (request: BackfillRequest | undefined) => request?.releases.map(({ name, tag }) => `${name}:${tag}`);

describe('before a choice moves', () => {
  it('what its new registry holds of what it moves is looked at, and nothing else', async ({ store }) => {
    const told: string[] = [];
    const looked: unknown[] = [];
    const stand = await openStand(store, {
      releases: [
        release('team/app:1', 'a', 'push_1'),
        release('team/app:2', 'b', 'push_2'),
        release('lone:1', 'c', 'push_3'),
      ],
      placements: [
        placement('team/app', 'a', 'korea'),
        placement('lone', 'c', 'korea'),
        placement('team/app', 'b', 'japan'),
      ],
      options: {
        checkPlaced: async (registry, releases) => {
          looked.push([registry, releases.map(({ name, tag }) => `${name}:${tag}`), [...told]]);
        },
      },
    });
    stand.events.on('choice.changed', ({ subject }) => told.push(subject));
    await stand.choices.choose({ ...asked, subject: 'team/*' });
    expect(looked.splice(0)).toEqual([['korea', ['team/app:1'], []]]);
    await stand.choices.choose({ ...asked, subject: 'team/*' });
    expect(looked).toEqual([]);
  });

  it('a look that fails does not stop it', async ({ store }) => {
    const stand = await openStand(store, {
      releases: [release('team/app:1', 'a', 'push_1')],
      placements: [placement('team/app', 'a', 'korea')],
      options: { checkPlaced: async () => Promise.reject(new Error('no answer')) },
    });
    expect(await stand.choices.choose(asked)).toMatchObject({ registry: 'korea' });
    expect(stand.errors).toHaveLength(1);
  });
});

describe('choosing', () => {
  it('is durable, in force, told, and there again after a restart', async ({ store }) => {
    const stand = await openStand(store);
    const chosen = await stand.choices.choose({ ...asked, evidence: { p95: 3 } });
    expect(chosen).toMatchObject({ registry: 'korea', revision: 1, source: 'image', subject: 'team/app' });
    expect(chosen.record).toMatchObject({
      who: 'ops',
      reason: 'steadier',
      previous: 'singapore',
      at: stand.clock.nowMs(),
    });
    expect(stand.told).toEqual(['team/app#1']);
    expect(stand.choices.effective('team/app')).toBe(chosen);
    const again = await openStand(store);
    expect(again.choices.effective('team/app')).toEqual(chosen);
    expect(again.choices.effective('team/other')).toMatchObject({ registry: 'singapore', source: 'configuration' });
  });

  it('is in the store and in memory when it is told', async ({ store }) => {
    const stand = await openStand(store);
    const seen: unknown[] = [];
    stand.events.on('choice.changed', () =>
      seen.push(stand.choices.effective('team/app')?.registry, stand.choices.generation),
    );
    await stand.choices.choose(asked);
    expect(seen).toEqual(['korea', 1]);
  });

  it('changes nothing when the store cannot keep it', async ({ store }) => {
    const broken = { ...store, appendChoice: async () => Promise.reject(new Failure('disk_full', 'no space')) };
    const stand = await openStand(broken);
    await expect(stand.choices.choose(asked)).rejects.toThrow('no space');
    expect(stand.choices.effective('team/app')?.registry).toBe('singapore');
    expect(stand.told).toEqual([]);
    await expect(stand.choices.choose(asked)).rejects.toThrow('no space');
  });

  it('changes nothing when it is chosen already', async ({ store }) => {
    const stand = await openStand(store);
    const first = await stand.choices.choose(asked);
    expect(await stand.choices.choose({ ...asked, reason: 'again' })).toBe(first);
    expect(stand.told).toEqual(['team/app#1']);
    expect((await stand.choices.history('team/app', { limit: 10 })).items).toHaveLength(1);
  });

  it('records what a pattern says already, when it is chosen for the image itself', async ({ store }) => {
    const stand = await openStand(store);
    expect(await stand.choices.choose({ ...asked, registry: 'singapore' })).toMatchObject({
      source: 'image',
      revision: 1,
    });
  });

  it('makes one of two equal choices at once', async ({ store }) => {
    const stand = await openStand(store);
    const [a, b] = await Promise.all([stand.choices.choose(asked), stand.choices.choose(asked)]);
    expect(a).toBe(b);
    expect(stand.told).toEqual(['team/app#1']);
  });

  it.for([
    ['moon', 'registry_unknown', /moon.*singapore, korea, japan$/],
    ['aliyun', 'validation_failed', /home registry/],
    ['us-west', 'validation_failed', /disabled/],
  ] as const)('refuses %s', async ([registry, code, says], { store }) => {
    const world = sampleWorld({ registries: [{ name: 'us-west', role: 'relay', enabled: false }] });
    const stand = await openStand(store, { options: { world } });
    const message = expect.stringMatching(says);
    await expect(stand.choices.choose({ ...asked, registry })).rejects.toMatchObject({ code, message });
    expect(stand.told).toEqual([]);
  });

  it('refuses a subject that is no name and no pattern', async ({ store }) => {
    const stand = await openStand(store);
    await expect(stand.choices.choose({ ...asked, subject: 'Team/*' })).rejects.toMatchObject({
      code: 'validation_failed',
    });
    await expect(stand.choices.unchoose({ ...withdrawn, subject: '' })).rejects.toMatchObject({
      code: 'validation_failed',
    });
  });

  it('returns to the default, and counts on', async ({ store }) => {
    const stand = await openStand(store);
    expect(await stand.choices.unchoose(withdrawn)).toMatchObject({ source: 'configuration' });
    expect(stand.told).toEqual([]);
    await stand.choices.choose(asked);
    expect(await stand.choices.unchoose(withdrawn)).toMatchObject({
      registry: 'singapore',
      source: 'configuration',
      revision: 0,
    });
    expect(await stand.choices.choose({ ...asked, registry: 'japan' })).toMatchObject({ revision: 3 });
    const { items } = await stand.choices.history('team/app', { limit: 10 });
    expect(items.map((record) => [record.revision, record.registry, record.previous])).toEqual([
      [3, 'japan', 'singapore'],
      [2, null, 'korea'],
      [1, 'korea', 'singapore'],
    ]);
  });

  it('holds for patterns', async ({ store }) => {
    const stand = await openStand(store);
    await stand.choices.choose({ ...asked, subject: 'team/*' });
    expect(stand.choices.effective('team/app')).toMatchObject({
      registry: 'korea',
      source: 'pattern',
      subject: 'team/*',
    });
    expect(stand.choices.listPatterns().map((choice) => choice.subject)).toEqual(['team/*', '*']);
    expect(stand.choices.findPattern('team/*')?.revision).toBe(1);
    expect(await stand.choices.unchoose({ ...withdrawn, subject: 'team/*' })).toMatchObject({
      subject: '*',
      registry: 'singapore',
    });
    expect(stand.choices.findPattern('team/*')).toBeUndefined();
  });
});

describe('an expected revision', () => {
  it('must be the newest', async ({ store }) => {
    const { choices } = await openStand(store);
    await choices.choose({ ...asked, expectedRevision: 0 });
    await expect(choices.choose({ ...asked, registry: 'japan', expectedRevision: 0 })).rejects.toMatchObject({
      code: 'revision_conflict',
      details: { extensions: { revision: 1 } },
    });
    await expect(choices.unchoose({ ...withdrawn, expectedRevision: 2 })).rejects.toMatchObject({
      code: 'revision_conflict',
    });
    expect(await choices.choose({ ...asked, registry: 'japan', expectedRevision: 1 })).toMatchObject({ revision: 2 });
  });

  it('lets one of two through', async ({ store }) => {
    const { choices } = await openStand(store);
    const both = await Promise.allSettled(
      ['korea', 'japan'].map((registry) => choices.choose({ ...asked, registry, expectedRevision: 0 })),
    );
    expect(both.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
  });

  it('may be that of the default which holds, where the subject has none of its own', async ({ store }) => {
    const { choices } = await openStand(store);
    for (const registry of ['korea', 'japan', 'korea']) await choices.choose({ ...asked, subject: 'team/*', registry });
    expect(await choices.choose({ ...asked, registry: 'japan', expectedRevision: 3 })).toMatchObject({ revision: 1 });
    await choices.unchoose({ ...withdrawn, expectedRevision: 1 });
    await expect(choices.choose({ ...asked, registry: 'japan', expectedRevision: 1 })).rejects.toMatchObject({
      code: 'revision_conflict',
    });
    expect(await choices.choose({ ...asked, registry: 'japan', expectedRevision: 2 })).toMatchObject({ revision: 3 });
  });
});

describe('what a choice carries over', () => {
  const releases = [
    release('team/app:1', 'a', 'psh_1', 1),
    release('team/app:2', 'b', 'psh_2', 2),
    release('team/web:1', 'c', 'psh_3', 3),
    release('other/app:1', 'd', 'psh_4', 4),
  ];
  const placements = ['a', 'b'].map((word) => placement('team/app', word, 'singapore'));

  it('begins for one image with what the registry lacks', async ({ store }) => {
    const stand = await openStand(store, {
      releases,
      placements: [...placements, placement('team/app', 'a', 'korea')],
    });
    const chosen = await stand.choices.choose(asked);
    expect(stand.started).toMatchObject([
      { subject: 'team/app', revision: 1, origin: 'choice:team/app#1', registry: 'korea' },
    ]);
    expect(carried(stand.started[0])).toEqual(['team/app:2']);
    expect(await stand.choices.backfillOf(chosen)).toEqual({ total: 1, placed: 0, failed: 0 });
  });

  it('is nothing where all is there', async ({ store }) => {
    const stand = await openStand(store, { releases });
    const chosen = await stand.choices.choose({ ...asked, subject: 'team/new' });
    expect(await stand.choices.backfillOf(chosen)).toBeNull();
    const effective = stand.choices.effective('other/app');
    expect(effective && (await stand.choices.backfillOf(effective))).toBeNull();
  });

  it('takes for a pattern only the images that it moved, newest first over all', async ({ store }) => {
    const stand = await openStand(store, { releases });
    await stand.choices.choose({ ...asked, subject: 'team/web', registry: 'japan' });
    await stand.choices.choose({ ...asked, subject: 'other/*' });
    stand.started.length = 0;
    await stand.choices.choose({ ...asked, subject: '*' });
    expect(stand.started.map(carried)).toEqual([['team/app:2', 'team/app:1']]);
  });

  it('begins for one image though a pattern chose the same registry for it', async ({ store }) => {
    const stand = await openStand(store, { releases, placements: [placement('team/app', 'b', 'singapore')] });
    await stand.choices.choose({ ...asked, registry: 'singapore' });
    expect(stand.started.map(carried)).toEqual([['team/app:1']]);
  });

  it('begins nothing towards a disabled registry', async ({ store }) => {
    const world = sampleWorld({ registries: [{ name: 'singapore', role: 'relay', enabled: false }] });
    const stand = await openStand(store, { releases, options: { world } });
    await stand.choices.choose(asked);
    stand.started.length = 0;
    expect(await stand.choices.unchoose(withdrawn)).toMatchObject({ registry: 'singapore' });
    expect(stand.started).toEqual([]);
  });

  it('follows a return to the default, to wherever each image goes', async ({ store }) => {
    const stand = await openStand(store, { releases });
    await stand.choices.choose({ ...asked, subject: 'team/web*', registry: 'japan' });
    await stand.choices.choose({ ...asked, subject: 'team/*' });
    await stand.choices.choose({ ...asked, subject: 'team/a*', registry: 'us-west' });
    stand.started.length = 0;
    await stand.choices.unchoose({ ...withdrawn, subject: 'team/a*' });
    expect(stand.started).toMatchObject([{ registry: 'korea', origin: 'choice:team/a*#2' }]);
    expect(carried(stand.started[0])).toEqual(['team/app:2', 'team/app:1']);
  });

  it('takes what a cluster resolved lately, however old, by any digest', async ({ store }) => {
    const world = sampleWorld({ backfill: { releases: 1, usedWithinMs: 1_000 } });
    const rewritten = placement('team/app', 'old', 'singapore', 'old-there');
    const given = { releases, placements: [...placements, rewritten], options: { world } };
    const stand = await openStand(store, given);
    const now = stand.clock.nowMs();
    const use = { name: 'team/app', cluster: 'us-east-prod' };
    await store.recordUses([
      { ...use, digest: digestFor('old-there'), at: now - 1_000 },
      { ...use, digest: digestFor('a'), at: now - 1_001 },
      { ...use, digest: digestFor('lost'), at: now },
    ]);
    await stand.choices.choose(asked);
    expect(stand.started[0]?.releases.map(({ tag, digest }) => [tag, digest])).toEqual([
      ['2', digestFor('b')],
      [null, digestFor('old')],
    ]);
  });

  it('leaves out what stays at home, used or not', async ({ store }) => {
    const stand = await openStand(store, { releases, placements, options: { mayCross: ({ tag }) => tag !== '2' } });
    await store.recordUses([{ name: 'team/app', digest: digestFor('b'), cluster: 'cn-prod', at: stand.clock.nowMs() }]);
    await stand.choices.choose(asked);
    expect(carried(stand.started[0])).toEqual(['team/app:1']);
  });

  it('takes a release along whose digest becomes known later', async ({ store }) => {
    const stand = await openStand(store, { releases: [release('team/app:3', null, 'psh_5', 5)] });
    await stand.choices.choose(asked);
    expect(stand.started).toEqual([]);
    const { name, tag, platformSet } = release('team/app:3', null, 'psh_5');
    stand.events.emit({ type: 'push.digest', pushId: 'psh_4', name, tag, digest: digestFor('e') });
    stand.events.emit({ type: 'push.digest', pushId: 'psh_5', name, tag, digest: digestFor('f') });
    expect(stand.started).toMatchObject([{ registry: 'korea', releases: [{ tag: '3', digest: digestFor('f') }] }]);
    const later = { type: 'push.accepted', pushId: 'psh_6', name, tag, platformSet, digest: null } as const;
    stand.events.emit({ ...later, release: true, at: stand.clock.nowMs() + 1 });
    stand.events.emit({ type: 'push.digest', pushId: 'psh_6', name, tag, digest: digestFor('g') });
    expect(stand.started).toHaveLength(1);
  });

  it('takes a release along whose targets were decided before the choice and which was recorded after it', async ({
    store,
  }) => {
    const stand = await openStand(store, {});
    await stand.choices.choose(asked);
    const accepted = (tag: string, relay?: string | null) => {
      const { pushId, name, ...of } = release(`team/app:${tag}`, null, `psh_${tag}`);
      const said = {
        digest: digestFor(tag),
        platformSet: of.platformSet,
        at: stand.clock.nowMs() + 1,
        release: true,
        ...(relay === undefined ? {} : { relay }),
      };
      stand.events.emit({ type: 'push.accepted', pushId, name, tag: of.tag, ...said });
    };
    accepted('followed', 'korea');
    accepted('named');
    accepted('behind', 'singapore');
    accepted('home-only', null);
    expect(stand.started.map(carried)).toEqual([['team/app:behind'], ['team/app:home-only']]);
  });

  it('takes no late digest along that is there or stays at home', async ({ store }) => {
    const late = ['3', '4', '5'].map((tag) => release(`team/app:${tag}`, null, `psh_${tag}`));
    const there = placement('team/app', 'there', 'korea');
    const mayCross: ChoicesOptions['mayCross'] = ({ tag }) => tag !== '4';
    const stand = await openStand(store, { releases: late, placements: [there], options: { mayCross } });
    await stand.choices.choose(asked);
    const words = ['there', 'home', 'moves'];
    for (const [at, { pushId, name, tag }] of late.entries()) {
      stand.events.emit({ type: 'push.digest', pushId, name, tag, digest: digestFor(words[at] ?? '') });
    }
    expect(stand.started.map(carried)).toEqual([['team/app:5']]);
  });

  it('does not undo a choice when it cannot begin, and begins after a restart, without what came later', async ({
    store,
  }) => {
    const refused = {
      start: () => Promise.reject(new Error('no pushes now')),
      progress: async () => ({ total: 0, placed: 0, failed: 0 }),
    };
    const stand = await openStand(store, { releases, options: { backfill: refused } });
    expect(await stand.choices.choose(asked)).toMatchObject({ registry: 'korea' });
    expect(stand.errors).toHaveLength(1);
    const later = release('team/app:3', 'e', 'psh_9', stand.clock.nowMs() + 1);
    const again = await openStand(store, { releases: [...releases, later] });
    await again.choices.resumeBackfills();
    expect(again.started.map((request) => [request.origin, carried(request)])).toEqual([
      ['choice:team/app#1', ['team/app:2', 'team/app:1']],
    ]);
  });

  it('resumes only for the images that a choice still decides', async ({ store }) => {
    const stand = await openStand(store, { releases });
    await stand.choices.choose({ ...asked, subject: '*', registry: 'japan' });
    await stand.choices.choose({ ...asked, subject: 'team/*' });
    await stand.clock.advance(10);
    await stand.choices.choose({ ...asked, subject: 'gone/*' });
    await stand.choices.unchoose({ ...withdrawn, subject: 'gone/*' });
    await stand.choices.choose({ ...asked, subject: 'other/*', registry: 'japan' });
    const again = await openStand(store, { releases: [...releases, release('solo:1', 'z', 'psh_8')] });
    await again.choices.resumeBackfills();
    expect(again.started.map((request) => [request.subject, request.registry, carried(request)])).toEqual([
      ['*', 'japan', ['solo:1']],
      ['team/*', 'korea', ['team/web:1', 'team/app:2', 'team/app:1']],
    ]);
  });
});
