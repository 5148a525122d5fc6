import { FlowWatch } from '../bench/production/flow-watch.ts';
import { toProductionSample } from '../bench/production/production-sample.ts';
import type { Sample, SampleError } from '../bench/sample.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Connection } from '../net/connection.ts';
import type { World } from '../regions/world.ts';
import type { Store } from '../store/store.ts';
import type { PushStore } from '../sync/push/push-store.ts';

/** Several legs at once share connections, so what is seen is of them all together. */
type Spell = { readonly watch: FlowWatch; readonly legs: Set<string>; error: SampleError | null; retries: number };

type WatchOptions = {
  readonly site: string;
  readonly clock: Clock;
  readonly store: Pick<PushStore, 'findPush'>;
  readonly record: (sample: Sample) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
};

/** One that records what it sees, at the site of the service. */
export function openProduction({
  world,
  store,
  clock,
  onError,
}: {
  readonly world: Pick<World, 'sites' | 'recommendation'>;
  readonly store: Pick<Store, 'pushes' | 'benchmarks'>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}): ProductionWatch {
  const { referenceBytes, deadlineMs } = world.recommendation;
  const reference = { bytes: referenceBytes, deadlineSeconds: deadlineMs / 1_000 };
  const site = world.sites.find(({ service }) => service)?.name ?? '';
  const record = (sample: Sample) => store.benchmarks.recordSample(sample, reference);
  return new ProductionWatch({ site, clock, store: store.pushes, record, onError });
}

/**
 * Makes samples of what transfers send anyway: a spell is from the first leg that runs to a registry until none does.
 * Nothing is put between a transfer and its connection; the kernel is asked beside it.
 */
export class ProductionWatch {
  readonly #options: WatchOptions;
  readonly #connections = new Map<string, Set<Connection>>();
  readonly #spells = new Map<string, Spell>();
  readonly #unfinished = new Set<Promise<void>>();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  readonly connected = (registry: string, connection: Connection): void => {
    const known = this.#connections.get(registry) ?? new Set<Connection>();
    // Each holds its socket, with all that hangs on it.
    for (const each of known) if (each.findTcpInfo() === undefined) known.delete(each);
    this.#connections.set(registry, known.add(connection));
    this.#spells.get(registry)?.watch.note(connection);
  };

  /** Hears of transfers until what is returned is called. */
  listen(events: EventBus): () => void {
    return events.on('transfer.changed', ({ pushId, registry, state }) => {
      if (state === 'running') this.#begin(registry, pushId);
      else this.#end(registry, pushId, state);
    });
  }

  /** Records what is under way. */
  async close(): Promise<void> {
    for (const registry of [...this.#spells.keys()]) this.#finish(registry);
    await Promise.all(this.#unfinished);
  }

  #begin(registry: string, pushId: string): void {
    let spell = this.#spells.get(registry);
    if (spell === undefined) {
      const watch = new FlowWatch(this.#options.clock, () => this.#connections.get(registry) ?? []);
      spell = { watch, legs: new Set(), error: null, retries: 0 };
      this.#spells.set(registry, spell);
      void watch.filled.then(() => this.#cut(registry, watch));
    }
    spell.legs.add(pushId);
  }

  #end(registry: string, pushId: string, state: string): void {
    const spell = this.#spells.get(registry);
    if (spell === undefined || !spell.legs.delete(pushId)) return;
    const isFailure = state === 'waiting' || state === 'failed';
    if (state === 'waiting') spell.retries += 1;
    const noted = isFailure ? this.#noteFailure(spell, registry, pushId) : Promise.resolve();
    if (spell.legs.size === 0) this.#finish(registry, noted);
  }

  async #noteFailure(spell: Spell, registry: string, pushId: string): Promise<void> {
    const found = await this.#options.store.findPush(pushId);
    const failed = found?.transfers.find((leg) => leg.registry === registry)?.error ?? null;
    if (failed?.side === 'target')
      spell.error ??= { code: failed.code, step: failed.step, detail: failed.detail.slice(0, 500) };
  }

  /** A long one goes on as another sample. */
  #cut(registry: string, watch: FlowWatch): void {
    const spell = this.#spells.get(registry);
    if (spell?.watch !== watch) return;
    const legs = [...spell.legs];
    this.#finish(registry);
    for (const pushId of legs) this.#begin(registry, pushId);
  }

  #finish(registry: string, noted: Promise<void> = Promise.resolve()): void {
    const spell = this.#spells.get(registry);
    if (spell === undefined) return;
    this.#spells.delete(registry);
    const finishing = this.#record(registry, spell, noted)
      .catch(this.#options.onError)
      .finally(() => this.#unfinished.delete(finishing));
    this.#unfinished.add(finishing);
  }

  async #record(registry: string, spell: Spell, noted: Promise<void>): Promise<void> {
    const seen = await spell.watch.stop();
    await noted;
    const { site, record } = this.#options;
    const sample = toProductionSample(seen, { site, registry, error: spell.error, retries: spell.retries });
    if (sample !== undefined) await record(sample);
  }
}
