import { createHash } from 'node:crypto';
import type { Tokens } from '../../access/tokens.ts';
import type { SnapshotSource } from '../../api/api-services.ts';
import { presentResolution } from '../../api/present/present-resolution.ts';
import { toProblem } from '../../api/problem.ts';
import type { UnsignedSnapshot } from '../../api/schema/snapshot-schema.ts';
import { ChangeWaiters } from '../../choice/change-waiters.ts';
import type { OpenedResolver } from '../../choice/open-resolver.ts';
import type { ReleaseIndex } from '../../choice/release-index.ts';
import { listSiteAnswers } from '../../choice/site-answers.ts';
import type { EntrepotEvent } from '../../events/event.ts';
import type { EventBus } from '../../events/event-bus.ts';
import { type Clock, toTimestamp } from '../../kernel/clock.ts';
import type { World } from '../../regions/world.ts';
import type { SnapshotKey } from './snapshot-key.ts';

/** Events come in bursts, and what they say is read a moment later: one look for all of them. */
const GATHER_MS = 200;
/** What no event tells (a recommendation that turned) is looked for this often. */
const LOOK_EVERY_MS = 30_000;

type Kept = {
  revision: number;
  hash: string;
  content: Pick<UnsignedSnapshot, 'clusters' | 'registries' | 'failover' | 'answers' | 'tokens' | 'anonymous'>;
  builtAtMs: number;
  isStale: boolean;
};

export type SnapshotOptions = {
  readonly world: Pick<World, 'registries' | 'clusters' | 'failover' | 'access'>;
  readonly tokens: Pick<Tokens, 'ofClusters'>;
  readonly index: Pick<ReleaseIndex, 'images'>;
  readonly resolver: Pick<OpenedResolver, 'look'>;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly key: SnapshotKey;
};

/** What each site's agent copies: built when it is asked for, with a new revision whenever an answer has changed. */
export class SnapshotKeeper implements SnapshotSource {
  readonly #options: SnapshotOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #waiters: ChangeWaiters;
  readonly #unsubscribe: () => void;
  readonly #closing = new AbortController();
  #gathering: Promise<void> | null = null;

  constructor(options: SnapshotOptions) {
    this.#options = options;
    this.#waiters = new ChangeWaiters(options.clock);
    this.#unsubscribe = options.events.on('*', (event) => this.#hear(event));
  }

  get(site: string, isKnown: (revision: number) => boolean): ReturnType<SnapshotSource['get']> {
    const asOf = toTimestamp(this.#options.clock.nowMs());
    const { revision, content } = this.#look(site);
    const { key } = this.#options;
    if (isKnown(revision)) return { revision, asOf, confirmation: key.confirm(site, revision, asOf), text: null };
    const answers = content.answers.map((each) =>
      each.answer === null ? each : { ...each, answer: { ...each.answer, asOf } },
    );
    const unsigned: UnsignedSnapshot = { site, revision, asOf, ...content, answers };
    return { revision, asOf, confirmation: '', text: JSON.stringify({ ...unsigned, signature: key.sign(unsigned) }) };
  }

  waitForOther(
    site: string,
    isKnown: (revision: number) => boolean,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    const isOther = () => !isKnown(this.#look(site).revision);
    return isOther() ? Promise.resolve() : this.#waiters.wait(site, isOther, timeoutMs, signal);
  }

  close(): void {
    this.#unsubscribe();
    this.#closing.abort();
    this.#waiters.letGo();
  }

  #hear(event: EntrepotEvent): void {
    if (event.type === 'transfer.progress' || event.type === 'registry.health') return;
    for (const kept of this.#kept.values()) kept.isStale = true;
    this.#gathering ??= this.#wakeSoon();
  }

  async #wakeSoon(): Promise<void> {
    // Aborted only by closing, which lets everyone go anyhow.
    await this.#options.clock.sleep(GATHER_MS, this.#closing.signal).catch(() => {});
    this.#gathering = null;
    for (const kept of this.#kept.values()) kept.isStale = true;
    this.#waiters.wake();
  }

  #look(site: string): Kept {
    const { clock } = this.#options;
    const known = this.#kept.get(site);
    if (known !== undefined && !known.isStale && clock.elapsedMs() - known.builtAtMs < LOOK_EVERY_MS) return known;
    const content = this.#build(site);
    const hash = createHash('sha256').update(JSON.stringify(content)).digest('base64');
    const isSame = known?.hash === hash;
    // Begins with the time, so that a service that was restarted or restored goes on above what agents know of it.
    const revision = isSame ? known.revision : Math.max(clock.nowMs(), (known?.revision ?? 0) + 1);
    const kept: Kept = { revision, hash, content, builtAtMs: clock.elapsedMs(), isStale: false };
    this.#kept.set(site, kept);
    return kept;
  }

  #build(site: string): Kept['content'] {
    const { world, index, resolver, tokens } = this.#options;
    const clusters = world.clusters.filter((cluster) => cluster.site === site);
    return {
      clusters: clusters.map(({ name, pulls }) => ({ name, pulls })),
      registries: world.registries
        .filter(({ enabled }) => enabled)
        .map(({ name, kind, role, region, url, addresses, prefix, names, internal }) => ({
          name,
          kind,
          role,
          region,
          url: addresses[site] ?? url,
          prefix,
          names,
          internal,
        })),
      failover: { ...world.failover },
      tokens: tokens.ofClusters(clusters.map(({ name }) => name)),
      anonymous: world.access.anonymous,
      answers: [...listSiteAnswers(clusters, index, resolver)].map((each) => ({
        cluster: each.cluster,
        image: each.image,
        answer: 'resolution' in each ? presentResolution({ ...each.resolution, asOf: 0 }) : null,
        problem: 'failure' in each ? toProblem(each.failure, { instance: '/v1/resolve', requestId: '' }) : null,
      })),
    };
  }
}
