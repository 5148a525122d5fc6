import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Resolution } from '../../src/choice/resolution.ts';
import type { EntrepotEvent } from '../../src/events/event.ts';
import { Failure } from '../../src/kernel/failure.ts';
import { pullReference } from '../../src/regions/registry-repository.ts';
import { choiceRecord, openResolveStand, type ResolveStand } from './resolve-stand.ts';
import { digestFor, placement, release } from './sample-release.ts';
import { sampleWorld } from './sample-world.ts';

const NAMES = ['team/app', 'team/web', 'solo'] as const;
const TAGS = ['1', 'latest'] as const;
const WORDS = ['a', 'b', 'c'] as const;
/** All platforms, or one of them. */
const PLATFORMS = [[], ['linux/arm64'], ['linux/amd64']] as const;
const REGISTRIES = ['aliyun', 'aliyun-spare', 'singapore', 'korea', 'japan', 'us-west', 'mars'] as const;
const SUBJECTS = ['team/app', 'team/*', '*', 'solo', 't*b'] as const;

type Cut = { readonly platforms: readonly string[] };

type Step =
  | ({ readonly kind: 'push'; readonly name: string; readonly tag: string; readonly word: string | null } & Cut)
  | { readonly kind: 'digest'; readonly push: number; readonly word: string }
  | ({
      readonly kind: 'place';
      readonly name: string;
      readonly word: string;
      readonly registry: string;
      readonly own: string;
    } & Cut)
  | ({ readonly kind: 'withdraw'; readonly name: string; readonly word: string; readonly registry: string } & Cut)
  | { readonly kind: 'choose'; readonly subject: string; readonly registry: string | null };

const name = fc.constantFrom(...NAMES);
const word = fc.constantFrom(...WORDS);
const registry = fc.constantFrom(...REGISTRIES);
const platforms = fc.constantFrom<readonly string[]>(...PLATFORMS);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('push' as const),
    name,
    tag: fc.constantFrom(...TAGS),
    word: fc.option(word),
    platforms,
  }),
  fc.record({ kind: fc.constant('digest' as const), push: fc.nat(20), word }),
  fc.record({
    kind: fc.constant('place' as const),
    name,
    word,
    registry,
    platforms,
    own: fc.constantFrom('', '', '-there'),
  }),
  fc.record({ kind: fc.constant('place' as const), name, word, registry, platforms, own: fc.constant('') }),
  fc.record({ kind: fc.constant('withdraw' as const), name, word, registry, platforms }),
  fc.record({
    kind: fc.constant('choose' as const),
    subject: fc.constantFrom(...SUBJECTS),
    registry: fc.option(registry),
  }),
);

/** What is true, kept in the plainest way: what every push said in turn, and the set of placements. */
class Truth {
  readonly pushes: ({ id: string; name: string; tag: string; word: string | null } & Cut)[] = [];
  readonly placements = new Map<string, { name: string; word: string; registry: string; own: string } & Cut>();
  #choices = 0;

  apply(step: Step, stand: ResolveStand): void {
    const event = this.#take(step, stand);
    if (event !== undefined) stand.events.emit(event);
  }

  #take(step: Step, stand: ResolveStand): EntrepotEvent | undefined {
    if (step.kind === 'choose') {
      this.#choices += 1;
      stand.choose(choiceRecord(step.subject, step.registry, this.#choices));
      return undefined;
    }
    if (step.kind === 'push') {
      const id = `psh_${String(this.pushes.length).padStart(3, '0')}`;
      this.pushes.push({ ...step, id });
      const { acceptedAt: at, ...said } = release(`${step.name}:${step.tag}`, step.word, id, 1_000, step.platforms);
      return { type: 'push.accepted', ...said, at, release: true };
    }
    if (step.kind === 'digest') {
      const push = this.pushes[step.push];
      if (push === undefined || push.word !== null) return undefined;
      push.word = step.word;
      const { name, tag } = release(`${push.name}:${push.tag}`, null, push.id);
      return { type: 'push.digest', pushId: push.id, name, tag, digest: digestFor(step.word) };
    }
    const { platforms } = step;
    const key = `${step.registry} ${step.name} ${step.word} ${platforms}`;
    if (step.kind === 'withdraw') {
      this.placements.delete(key);
      const gone = placement(step.name, step.word, step.registry, undefined, undefined, platforms);
      return { type: 'placement.withdrawn', ...gone };
    }
    const own = [step.word, ...platforms].join(' for ') + step.own;
    this.placements.set(key, { ...step, own });
    return {
      type: 'placement.confirmed',
      ...placement(step.name, step.word, step.registry, own, undefined, platforms),
    };
  }

  meaning(name: string, tag: string) {
    return this.pushes.findLast((push) => push.name === name && push.tag === tag);
  }
}

function ask(stand: ResolveStand, image: string, cluster: string): Resolution | string {
  try {
    return stand.resolver.resolve({ image, cluster });
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
}

async function checkAfter(steps: readonly Step[]): Promise<void> {
  const world = sampleWorld({
    standby: [{ pattern: 'team/*', registries: ['japan'] }],
    registries: [{ name: 'us-west', role: 'relay', enabled: false }],
  });
  const stand = await openResolveStand({ world });
  const truth = new Truth();
  for (const each of steps) {
    truth.apply(each, stand);
    for (const cluster of world.clusters) {
      for (const name of NAMES) for (const tag of TAGS) checkAnswer(truth, stand, cluster, name, tag);
    }
  }
  await stand.close();
}

function checkAnswer(
  truth: Truth,
  stand: ResolveStand,
  cluster: { name: string; site: string; pulls: string },
  name: string,
  tag: string,
): void {
  const answer = ask(stand, `${name}:${tag}`, cluster.name);
  expect(ask(stand, `${name}:${tag}`, cluster.name)).toEqual(answer);
  const push = truth.meaning(name, tag);
  const usable = stand.world.registries.filter(
    (each) => each.enabled && (cluster.pulls === 'choice' || each.role === 'home'),
  );
  const there = [...truth.placements.values()].filter(
    (each) =>
      each.name === name &&
      each.word === push?.word &&
      each.platforms === push.platforms &&
      usable.some((known) => known.name === each.registry),
  );
  if (push === undefined || there.length === 0) {
    expect(push === undefined ? ['image_unknown', 'tag_unknown'] : ['not_placed']).toContain(answer);
    return;
  }
  if (typeof answer === 'string') throw new Error(`${name}:${tag} is placed, and the answer is ${answer}`);
  expect(answer.sourceDigest).toBe(digestFor(push.word ?? ''));
  const told = [answer, ...answer.alternatives];
  expect(told.map((each) => each.registry).sort()).toEqual(there.map((each) => each.registry).sort());
  for (const { registry, reference } of told) {
    const entry = stand.world.registries.find((known) => known.name === registry);
    const held = there.find((each) => each.registry === registry);
    expect(reference).toBe(entry && pullReference(entry, cluster.site, answer.name, digestFor(held?.own ?? '')));
  }
  expect(answer.reason === null).toBe(answer.state !== 'fallback');
  if (answer.state === 'chosen') expect(answer.registry).toBe(answer.choice?.registry);
  // Asked by the source's digest, it is all of the image wherever that is placed; asked by its own, what the tag means.
  const byDigest = push.platforms.length === 0 ? answer.sourceDigest : answer.digest;
  expect(ask(stand, `${name}@${byDigest}`, cluster.name)).toEqual({ ...answer, tag: null });
}

describe('resolving after anything that can happen', () => {
  it('answers exactly the digest that is meant, only from where it is, never an older one, and the same again', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), checkAfter), {
      seed: 20_240_603,
      numRuns: 150,
    });
  });
});
