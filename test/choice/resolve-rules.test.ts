import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Resolution } from '../../src/choice/resolution.ts';
import { Failure } from '../../src/kernel/failure.ts';
import type { FailureCode } from '../../src/kernel/failure-codes.ts';
import { choiceRecord, type Given, openResolveStand, type ResolveStand } from './resolve-stand.ts';
import { digestFor, placement, release } from './sample-release.ts';
import { sampleWorld } from './sample-world.ts';

/** One row proves one rule of docs/how-an-image-is-resolved.md, over values. */
type Row = {
  readonly rule: string;
  readonly says: string;
  readonly given: Given;
  /** What happens before it is asked. */
  readonly meanwhile?: (stand: ResolveStand) => unknown;
  /** `team/app:1.0` at `us-east-prod` when nothing else is said. */
  readonly ask?: { readonly image?: string; readonly cluster?: string };
  readonly answer?: Partial<Resolution>;
  readonly fails?: { readonly code: FailureCode; readonly says?: RegExp; readonly push?: string | null };
  /** How it is found out, when one question is not enough. */
  readonly proves?: (stand: ResolveStand) => Promise<void>;
};

const NAME = 'team/app';
const IMAGE = 'team/app:1.0';
const one = release(IMAGE, 'one', 'psh_1');
const arm = release('team/app:arm', 'one', 'psh_3', 1_000, ['linux/arm64']);
const armAt = (registry: string) => placement(NAME, 'one', registry, 'arm', 2_000, ['linux/arm64']);
const at = (...registries: string[]) => registries.map((registry) => placement(NAME, 'one', registry));
const everywhere = at('us-west', 'japan', 'korea', 'singapore', 'aliyun-spare', 'aliyun');
const bringing = (registry: string, state: 'running' | 'failed') => ({
  id: 'psh_9',
  name: one.name,
  digest: digestFor('one'),
  platformSet: one.platformSet,
  state: state === 'failed' ? ('failed' as const) : ('running' as const),
  transfers: [{ registry, state }],
});
const home = { cluster: 'cn-prod' };
const byDigest = (word: string) => ({ image: `${NAME}@${digestFor(word)}` });
const ids = { pushId: 'psh_2', name: one.name, tag: one.tag, platformSet: one.platformSet };
const order = (answer: Resolution) => [answer.registry, ...answer.alternatives.map((other) => other.registry)];
const disabled = (name: string, role: 'home' | 'relay' = 'relay') =>
  sampleWorld({ registries: [{ name, role, enabled: false }] });

const ROWS: readonly Row[] = [
  ...['team/app', 'team/app:', 'Team/App:1', 'team/app@sha256:12', '', '/team:1', 'h:5000/team/app:1'].map(
    (image): Row => ({
      rule: 'R1',
      says: `"${image}" is no image`,
      given: { releases: [one], placements: everywhere },
      ask: { image },
      fails: { code: 'validation_failed' },
    }),
  ),
  {
    rule: 'R1',
    says: 'a digest beside a tag decides',
    given: { releases: [release(IMAGE, 'two', 'psh_2')], placements: at('singapore') },
    ask: { image: `${IMAGE}@${digestFor('one')}` },
    answer: { sourceDigest: digestFor('one'), tag: null },
  },
  {
    rule: 'R2',
    says: 'a cluster that nobody configured',
    given: { releases: [one], placements: everywhere },
    ask: { cluster: 'moon-prod' },
    fails: { code: 'cluster_unknown', says: /moon-prod.*cn-prod, us-east-prod/ },
  },
  { rule: 'R3', says: 'never pushed', given: {}, fails: { code: 'image_unknown', says: /team\/app/ } },
  {
    rule: 'R3',
    says: 'pushed with other tags',
    given: { releases: [one] },
    ask: { image: 'team/app:2.0' },
    fails: { code: 'tag_unknown', says: /2\.0/ },
  },
  {
    rule: 'R4',
    says: 'a newer push takes the tag the moment it is accepted',
    given: { releases: [one], placements: [...everywhere, placement(NAME, 'two', 'singapore')] },
    meanwhile: ({ events }) =>
      events.emit({ type: 'push.accepted', ...ids, digest: digestFor('two'), at: 3_000, release: true }),
    answer: { sourceDigest: digestFor('two') },
  },
  {
    rule: 'R4',
    says: 'while the newer digest is placed nowhere the older is not answered',
    given: { releases: [one], placements: everywhere },
    meanwhile: ({ events }) =>
      events.emit({ type: 'push.accepted', ...ids, digest: digestFor('two'), at: 3_000, release: true }),
    fails: { code: 'not_placed', push: 'psh_2' },
  },
  {
    rule: 'R4',
    says: 'nor while it is not known',
    given: { releases: [one], placements: everywhere },
    meanwhile: ({ events }) => events.emit({ type: 'push.accepted', ...ids, digest: null, at: 3_000, release: true }),
    fails: { code: 'not_placed', says: /no digest yet/, push: 'psh_2' },
  },
  {
    rule: 'R4',
    says: 'the newest push wins though the clock was set back',
    given: { releases: [one], placements: [...everywhere, placement(NAME, 'two', 'singapore')] },
    meanwhile: ({ events }) =>
      events.emit({ type: 'push.accepted', ...ids, digest: digestFor('two'), at: 1, release: true }),
    answer: { sourceDigest: digestFor('two') },
  },
  {
    rule: 'R4',
    says: 'a backfill does not take the tag',
    given: { releases: [one], placements: everywhere },
    meanwhile: ({ events }) =>
      events.emit({ type: 'push.accepted', ...ids, digest: digestFor('two'), at: 3_000, release: false }),
    answer: { sourceDigest: digestFor('one') },
  },
  {
    rule: 'R4',
    says: 'a push withdrawn before it had a digest gives the tag back',
    given: { releases: [{ ...one, pushId: 'psh_2', digest: null }], placements: everywhere, earlier: [one] },
    meanwhile: async ({ events }) => {
      events.emit({ type: 'push.withdrawn', ...ids });
      await Promise.resolve();
    },
    answer: { sourceDigest: digestFor('one') },
  },
  {
    rule: 'R4',
    says: 'of the digest, the platforms that were pushed',
    given: { releases: [one, arm], placements: [...at('japan'), armAt('singapore')] },
    answer: { registry: 'japan', digest: digestFor('one'), alternatives: [] },
  },
  {
    rule: 'R4',
    says: 'and of another tag its own',
    given: { releases: [one, arm], placements: [...everywhere, armAt('japan')] },
    ask: { image: 'team/app:arm' },
    answer: { registry: 'japan', digest: digestFor('arm'), sourceDigest: digestFor('one'), alternatives: [] },
  },
  {
    rule: 'R4',
    says: 'while other platforms of the same digest are placed nowhere those before are not answered',
    given: { releases: [one], placements: everywhere },
    meanwhile: ({ events }) =>
      events.emit({
        ...{ type: 'push.accepted', ...ids, platformSet: arm.platformSet },
        ...{ digest: digestFor('one'), at: 3_000, release: true },
      }),
    fails: { code: 'not_placed', says: /for linux\/arm64/, push: 'psh_2' },
  },
  {
    rule: 'R5',
    says: "a source's digest means all platforms where these are placed",
    given: { releases: [one, arm], placements: [...at('aliyun'), armAt('singapore')] },
    ask: byDigest('one'),
    answer: { registry: 'aliyun', digest: digestFor('one'), alternatives: [] },
  },
  {
    rule: 'R5',
    says: 'else the most of them that are',
    given: {
      releases: [one, arm],
      placements: [
        armAt('singapore'),
        placement(NAME, 'one', 'japan', 'two', 2_000, ['linux/arm64', 'linux/amd64']),
        placement(NAME, 'one', 'korea', 'amd', 2_000, ['linux/amd64']),
      ],
    },
    ask: byDigest('one'),
    answer: { registry: 'japan', digest: digestFor('two'), alternatives: [] },
  },
  {
    rule: 'R5',
    says: "a registry's own digest means the platforms that it was made of",
    given: { releases: [one, arm], placements: [...everywhere, armAt('japan')] },
    ask: byDigest('arm'),
    answer: { registry: 'japan', digest: digestFor('arm'), sourceDigest: digestFor('one') },
  },
  {
    rule: 'R5',
    says: "by the source's digest",
    given: { placements: [placement(NAME, 'one', 'singapore', 'rewritten')] },
    ask: byDigest('one'),
    answer: { sourceDigest: digestFor('one'), digest: digestFor('rewritten'), tag: null },
  },
  {
    rule: 'R5',
    says: "by a registry's own digest",
    given: { placements: [placement(NAME, 'one', 'singapore', 'rewritten'), ...at('aliyun')] },
    ask: { ...byDigest('rewritten'), ...home },
    answer: { sourceDigest: digestFor('one'), digest: digestFor('one'), registry: 'aliyun' },
  },
  {
    rule: 'R5',
    says: 'a digest of another image is unknown here',
    given: { releases: [one], placements: [placement('team/other', 'other', 'singapore')] },
    ask: byDigest('other'),
    fails: { code: 'digest_unknown' },
  },
  {
    rule: 'R5',
    says: 'a digest that a tag means is known before it is placed',
    given: { releases: [one] },
    ask: byDigest('one'),
    fails: { code: 'not_placed', push: 'psh_1' },
  },
  {
    rule: 'R6',
    says: 'another digest at the chosen registry does not count',
    given: { releases: [one], placements: [placement(NAME, 'two', 'singapore'), ...at('japan')] },
    answer: { registry: 'japan', sourceDigest: digestFor('one') },
  },
  {
    rule: 'R6',
    says: 'a placement that is withdrawn is out at once',
    given: { releases: [one], placements: at('singapore', 'japan') },
    meanwhile: ({ events }) =>
      events.emit({
        type: 'placement.withdrawn',
        registry: 'singapore',
        name: one.name,
        sourceDigest: digestFor('one'),
        platformSet: one.platformSet,
      }),
    answer: { registry: 'japan', alternatives: [] },
  },
  {
    rule: 'R6',
    says: 'a disabled registry is out',
    given: { world: disabled('japan'), releases: [one], placements: at('japan', 'aliyun') },
    answer: { registry: 'aliyun', alternatives: [] },
  },
  {
    rule: 'R6',
    says: 'a registry that is not configured any more is out',
    given: { releases: [one], placements: at('mars', 'us-west') },
    answer: { registry: 'us-west', alternatives: [] },
  },
  {
    rule: 'R7',
    says: 'home registries only, in the order of the configuration',
    given: { releases: [one], placements: everywhere },
    ask: home,
    proves: async ({ resolver }) =>
      expect(order(resolver.resolve({ image: IMAGE, cluster: 'cn-prod' }))).toEqual(['aliyun', 'aliyun-spare']),
  },
  {
    rule: 'R7',
    says: 'a relay is no place for it',
    given: { releases: [one], placements: at('singapore', 'korea') },
    ask: home,
    fails: { code: 'not_placed', says: /placed at korea, singapore.*pulls from aliyun, aliyun-spare/, push: 'psh_1' },
  },
  {
    rule: 'R8',
    says: 'chosen, standbys, recommended, configured, home',
    given: {
      world: sampleWorld({
        standby: [
          { pattern: '*', registries: ['singapore'] },
          { pattern: 'team/*', registries: ['us-west'] },
        ],
      }),
      releases: [one],
      placements: everywhere,
      choices: [choiceRecord('team/*', 'korea')],
      recommended: ['japan', 'us-west', 'aliyun', 'mars'],
    },
    proves: async ({ resolver }) =>
      expect(order(resolver.resolve({ image: IMAGE, cluster: 'us-east-prod' }))).toEqual([
        'korea',
        'us-west',
        'japan',
        'singapore',
        'aliyun',
        'aliyun-spare',
      ]),
  },
  {
    rule: 'R8',
    says: 'a new recommendation holds from the next question on',
    given: { releases: [one], placements: at('korea', 'japan') },
    proves: async ({ resolver, recommended }) => {
      const ask = { image: IMAGE, cluster: 'us-east-prod' };
      expect(resolver.resolve(ask).registry).toBe('korea');
      recommended.relays = ['japan'];
      expect(resolver.resolve(ask).registry).toBe('japan');
    },
  },
  {
    rule: 'R9',
    says: 'the exact name before any pattern',
    given: {
      releases: [one],
      placements: everywhere,
      choices: [choiceRecord('team/ap*', 'korea'), choiceRecord(NAME, 'japan')],
    },
    answer: { registry: 'japan' },
  },
  {
    rule: 'R9',
    says: 'the longest text before the star, though it is from the file',
    given: {
      world: sampleWorld({
        choices: [
          { pattern: '*', registry: 'singapore' },
          { pattern: 'team/*', registry: 'us-west' },
        ],
      }),
      releases: [one],
      placements: everywhere,
      choices: [choiceRecord('te*', 'korea')],
    },
    answer: { registry: 'us-west' },
  },
  {
    rule: 'R9',
    says: 'the store over the file between equals, though the file has more after the star',
    given: {
      world: sampleWorld({ choices: [{ pattern: 'team/*app', registry: 'us-west' }] }),
      releases: [one],
      placements: everywhere,
      choices: [choiceRecord('team/*', 'korea')],
    },
    answer: { registry: 'korea' },
  },
  {
    rule: 'R9',
    says: 'returned to the default',
    given: { releases: [one], placements: everywhere, choices: [choiceRecord(NAME, null, 2)] },
    answer: { registry: 'singapore', choice: { registry: 'singapore', revision: 0 } },
  },
  {
    rule: 'R10',
    says: 'placed nowhere, with the push and how it stands',
    given: { releases: [one], pushes: [{ ...bringing('singapore', 'running'), id: 'psh_1' }] },
    fails: { code: 'not_placed', says: /psh_1 is under way \(singapore: running\)/, push: 'psh_1' },
  },
  {
    rule: 'R10',
    says: 'and when that push has failed',
    given: { releases: [one], pushes: [{ ...bringing('singapore', 'failed'), id: 'psh_1' }] },
    meanwhile: async ({ events }) => {
      events.emit({ type: 'push.finished', pushId: 'psh_1' });
      await Promise.resolve();
    },
    fails: { code: 'not_placed', says: /push psh_1 failed/, push: 'psh_1' },
  },
  {
    rule: 'R10',
    says: 'a last placement that is lost leaves no answer',
    given: { releases: [one], placements: at('singapore') },
    meanwhile: ({ events }) =>
      events.emit({
        type: 'placement.withdrawn',
        registry: 'singapore',
        name: one.name,
        sourceDigest: digestFor('one'),
        platformSet: one.platformSet,
      }),
    fails: { code: 'not_placed', push: 'psh_1' },
  },
  {
    rule: 'R11',
    says: 'chosen',
    given: { releases: [one], placements: everywhere },
    answer: { state: 'chosen', registry: 'singapore', reason: null, push: null },
  },
  {
    rule: 'R11',
    says: 'home',
    given: { releases: [one], placements: everywhere },
    ask: home,
    answer: { state: 'home', registry: 'aliyun', reason: null, choice: null, push: null },
  },
  {
    rule: 'R11',
    says: 'fallback while the chosen one lacks it, with the push that brings it',
    given: {
      releases: [one],
      placements: at('singapore'),
      choices: [choiceRecord(NAME, 'korea', 3)],
      pushes: [bringing('korea', 'running')],
    },
    answer: {
      state: 'fallback',
      registry: 'singapore',
      reason: 'korea is chosen (revision 3) but does not have the image yet; push psh_9 is bringing it',
      push: 'psh_9',
    },
  },
  {
    rule: 'R11',
    says: 'fallback when nothing brings it',
    given: { releases: [one], placements: at('japan') },
    answer: {
      state: 'fallback',
      reason: 'singapore is chosen by the configuration but does not have the image yet, and no push is bringing it',
      push: null,
    },
  },
  {
    rule: 'R11',
    says: 'fallback to the second home registry',
    given: { releases: [one], placements: at('aliyun-spare') },
    ask: home,
    answer: { state: 'fallback', registry: 'aliyun-spare', reason: expect.stringMatching(/^aliyun comes first but/) },
  },
  {
    rule: 'R11',
    says: 'the first enabled home registry is the first',
    given: { world: disabled('aliyun', 'home'), releases: [one], placements: at('aliyun-spare') },
    ask: home,
    answer: { state: 'home', registry: 'aliyun-spare' },
  },
  {
    rule: 'R11',
    says: 'fallback when nothing is chosen',
    given: { world: sampleWorld({ choices: [] }), releases: [one], placements: everywhere },
    answer: { state: 'fallback', registry: 'singapore', choice: null, reason: 'no registry is chosen for the image' },
  },
  {
    rule: 'R11',
    says: 'fallback when the chosen one is disabled',
    given: {
      world: disabled('korea'),
      releases: [one],
      placements: everywhere,
      choices: [choiceRecord(NAME, 'korea', 2)],
    },
    answer: { state: 'fallback', reason: 'korea is chosen (revision 2) but is disabled', push: null },
  },
  {
    rule: 'R11',
    says: 'fallback when the chosen one left the configuration',
    given: { releases: [one], placements: everywhere, choices: [choiceRecord(NAME, 'mars')] },
    answer: { state: 'fallback', reason: 'mars is chosen (revision 1) but is not configured any more' },
  },
  {
    rule: 'R12',
    says: "the address of the cluster's site",
    given: { releases: [one], placements: everywhere, choices: [choiceRecord(NAME, 'japan')] },
    answer: { reference: `japan.us.example:8443/team/app@${digestFor('one')}`, region: 'japan-1' },
  },
  {
    rule: 'R12',
    says: 'prefix and address of the home registry',
    given: { releases: [one], placements: everywhere },
    ask: home,
    answer: { reference: `aliyun-vpc.example/web3d/team/app@${digestFor('one')}` },
  },
  {
    rule: 'R12',
    says: 'flat names, and the digest that is there',
    given: {
      releases: [one],
      placements: [placement(NAME, 'one', 'korea', 'rewritten')],
      choices: [choiceRecord(NAME, 'korea')],
    },
    answer: {
      reference: `korea.example/team-app@${digestFor('rewritten')}`,
      digest: digestFor('rewritten'),
      sourceDigest: digestFor('one'),
      tag: one.tag,
    },
  },
  {
    rule: 'R13',
    says: 'all others that hold it, in order, each with its own digest',
    given: {
      releases: [one],
      placements: [...at('aliyun', 'singapore'), placement(NAME, 'one', 'japan', 'rewritten', 7_000)],
    },
    answer: {
      alternatives: [
        {
          reference: `japan.us.example:8443/team/app@${digestFor('rewritten')}`,
          registry: 'japan',
          region: 'japan-1',
          verifiedAt: 7_000,
        },
        {
          reference: `aliyun.example/web3d/team/app@${digestFor('one')}`,
          registry: 'aliyun',
          region: 'aliyun-1',
          verifiedAt: 2_000,
        },
      ],
    },
  },
  {
    rule: 'R14',
    says: 'the choice in force while another registry is answered',
    given: { releases: [one], placements: at('aliyun'), choices: [choiceRecord('team/*', 'korea', 4)] },
    answer: { registry: 'aliyun', choice: { registry: 'korea', revision: 4 } },
  },
  {
    rule: 'R14',
    says: 'a push that failed there is no longer bringing it, but is told',
    given: { releases: [one], placements: at('aliyun'), pushes: [bringing('singapore', 'failed')] },
    meanwhile: async ({ events }) => {
      events.emit({ type: 'push.changed', pushId: 'psh_9' });
      await Promise.resolve();
    },
    answer: { push: null, reason: expect.stringMatching(/; push psh_9 failed$/) },
  },
  {
    rule: 'R15',
    says: 'waits until the chosen registry has it',
    given: { releases: [one], placements: at('aliyun') },
    proves: async ({ resolver, events }) => {
      const ask = { image: IMAGE, cluster: 'us-east-prod' };
      const waiting = resolver.resolveWaiting(ask, 60_000, new AbortController().signal);
      events.emit({ type: 'placement.confirmed', ...placement(NAME, 'one', 'singapore') });
      expect((await waiting).state).toBe('chosen');
    },
  },
  {
    rule: 'R16',
    says: 'an answer is remembered, by its source digest',
    given: { releases: [one], placements: [placement(NAME, 'one', 'singapore', 'rewritten')] },
    proves: async ({ resolver, recorder, uses, clock }) => {
      resolver.resolve({ image: IMAGE, cluster: 'us-east-prod' });
      await recorder.flush();
      expect(uses).toEqual([{ name: NAME, digest: digestFor('one'), cluster: 'us-east-prod', at: clock.nowMs() }]);
    },
  },
];

describe('resolving', () => {
  it.each(ROWS)('$rule: $says', async (row) => {
    const stand = await openResolveStand(row.given);
    await row.meanwhile?.(stand);
    const request = { image: IMAGE, cluster: 'us-east-prod', ...row.ask };
    if (row.answer !== undefined) expect(stand.resolver.resolve(request)).toMatchObject(row.answer);
    if (row.fails !== undefined) expectFailure(() => stand.resolver.resolve(request), row.fails);
    await row.proves?.(stand);
    expect(row.answer ?? row.fails ?? row.proves).toBeDefined();
    expect(stand.errors).toEqual([]);
    await stand.close();
    expect(stand.clock.sleeping).toBe(0);
  });

  it('has a row for every rule of the document and no other', () => {
    const text = readFileSync(new URL('../../docs/how-an-image-is-resolved.md', import.meta.url), 'utf8');
    const written = [...text.matchAll(/^- \*\*(R\d+)\*\*/gm)].map((match) => match[1]);
    expect(written).toEqual(written.map((_, index) => `R${index + 1}`));
    expect([...new Set(ROWS.map((row) => row.rule))]).toEqual(written);
  });
});

function expectFailure(act: () => unknown, expected: NonNullable<Row['fails']>): void {
  let failure: unknown;
  try {
    act();
  } catch (error) {
    failure = error;
  }
  if (!(failure instanceof Failure)) throw new Error(`expected ${expected.code}`, { cause: failure });
  expect(failure.code).toBe(expected.code);
  if (expected.says !== undefined) expect(failure.message).toMatch(expected.says);
  if (expected.push !== undefined) expect(failure.details.extensions?.push).toBe(expected.push);
}
