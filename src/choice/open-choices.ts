import type { EventBus } from '../events/event-bus.ts';
import type { Clock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import type { World } from '../regions/world.ts';
import type { Backfill } from './backfill.ts';
import type { MayCross } from './carry-over.ts';
import { ChoiceBackfills, type ChoiceChange } from './choice-backfills.ts';
import { choiceOrigin } from './choice-origin.ts';
import type { ChoiceRecord, EffectiveChoice } from './choice-record.ts';
import { checkExpectedRevision } from './choice-revision.ts';
import type { ChoiceStore } from './choice-store.ts';
import { parseChoiceSubject } from './choice-subject.ts';
import { ChoiceTable } from './choice-table.ts';
import type { BackfillProgress, Choices, ChooseRequest } from './choices.ts';
import { checkChosenRelay } from './chosen-relay.ts';
import type { PlacementCheck } from './placement-check.ts';
import type { ReleaseIndex } from './release-index.ts';

export type ChoicesOptions = {
  readonly world: Pick<World, 'registries' | 'choices' | 'backfill'>;
  readonly store: ChoiceStore;
  readonly events: EventBus;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly backfill: Backfill;
  readonly index: Pick<ReleaseIndex, 'findImage' | 'images'>;
  /** Asked before a choice moves; nothing is looked at without it. */
  readonly checkPlaced?: PlacementCheck;
  /** Does a release leave home at all (`distribute`)? What does not is not carried either. All do without it. */
  readonly mayCross?: MayCross;
  /** Hears of backfills that could not be begun; they are begun at the next start. */
  readonly onError?: (error: unknown) => void;
};

export type OpenedChoices = Choices & {
  /** Grows whenever what is in force for any image may have changed. */
  readonly generation: number;
  /** Begins what choices made before the last stop had not begun; for once, when pushes can be taken. */
  resumeBackfills(): Promise<void>;
  close(): void;
};

/** Loads the choices into memory, from where they are read from then on. */
export async function openChoices(options: ChoicesOptions): Promise<OpenedChoices> {
  return new StoredChoices(options, await options.store.currentChoices());
}

class StoredChoices implements OpenedChoices {
  readonly #options: ChoicesOptions;
  readonly #backfills: ChoiceBackfills;
  readonly #unsubscribe: () => void;
  /** The newest record of every subject, returns to the default included: their revision counts on. */
  readonly #records: Map<string, ChoiceRecord>;
  #table: ChoiceTable;
  #generation = 0;
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(options: ChoicesOptions, records: readonly ChoiceRecord[]) {
    this.#options = options;
    this.#backfills = new ChoiceBackfills(options);
    this.#records = new Map(records.map((record) => [record.subject, record]));
    this.#table = new ChoiceTable(options.world.choices, this.#records.values());
    const unsubscribes = [
      // A push whose targets were decided before a choice moved, and which was recorded after it.
      options.events.on('push.accepted', ({ name, tag, digest, platformSet, at: acceptedAt, release, relay }) => {
        if (!release || digest === null || relay === undefined) return;
        const { record, registry } = this.#table.findEffective(name) ?? {};
        if (!record || registry === relay) return;
        void this.#backfills.carryLate(record, { name, tag, digest, platformSet, acceptedAt });
      }),
      options.events.on('push.digest', ({ pushId, name, tag, digest }) => {
        const release = options.index.findImage(name)?.tags.get(tag);
        const record = this.#table.findEffective(name)?.record;
        if (!record || release?.pushId !== pushId || release.acceptedAt > record.at) return;
        const { platformSet, acceptedAt } = release;
        void this.#backfills.carryLate(record, { name, tag, digest, platformSet, acceptedAt });
      }),
    ];
    this.#unsubscribe = () => {
      for (const unsubscribe of unsubscribes) unsubscribe();
    };
  }

  get generation(): number {
    return this.#generation;
  }

  effective(name: string): EffectiveChoice | undefined {
    return this.#table.findEffective(name);
  }

  findPattern(pattern: string): EffectiveChoice | undefined {
    return this.#table.findOwn(pattern);
  }

  listPatterns(): readonly EffectiveChoice[] {
    return this.#table.listDefaults();
  }

  async choose(request: ChooseRequest): Promise<EffectiveChoice> {
    const subject = parseChoiceSubject(request.subject);
    checkChosenRelay(this.#options.world.registries, request.registry);
    this.#checkRevision(subject, request.expectedRevision);
    await this.#checkPlaced(subject, request.registry);
    const { change, table } = await this.#inTurn(async () => {
      this.#checkRevision(subject, request.expectedRevision);
      const isChosen = this.#records.get(subject)?.registry === request.registry;
      const change = isChosen ? undefined : await this.#append(request, request.registry);
      return { change, table: this.#table };
    });
    if (change !== undefined) await this.#backfills.carryOver(change);
    const own = table.findOwn(subject);
    if (own === undefined) throw new Failure('internal', `the choice just made for ${subject} is not in force`);
    return own;
  }

  async unchoose(request: Omit<ChooseRequest, 'registry' | 'evidence'>): Promise<EffectiveChoice | undefined> {
    const subject = parseChoiceSubject(request.subject);
    this.#checkRevision(subject, request.expectedRevision);
    await this.#checkPlaced(subject, null);
    const { change, table } = await this.#inTurn(async () => {
      this.#checkRevision(subject, request.expectedRevision);
      const isChosen = (this.#records.get(subject)?.registry ?? null) !== null;
      const change = isChosen ? await this.#append({ ...request, evidence: null }, null) : undefined;
      return { change, table: this.#table };
    });
    if (change !== undefined) await this.#backfills.carryOver(change);
    return table.findEffective(subject);
  }

  history(subject: string, page: { limit: number; cursor?: string }): ReturnType<Choices['history']> {
    return this.#options.store.choiceHistory(parseChoiceSubject(subject), page);
  }

  async backfillOf(choice: EffectiveChoice): Promise<BackfillProgress | null> {
    if (choice.record === null) return null;
    const progress = await this.#options.backfill.progress(choiceOrigin(choice.record));
    return progress.total === 0 ? null : progress;
  }

  async resumeBackfills(): Promise<void> {
    const { clock, world } = this.#options;
    // Older choices have carried whatever anybody still uses.
    const since = clock.nowMs() - world.backfill.usedWithinMs;
    for (const record of [...this.#records.values()]) {
      if (record.at >= since) await this.#backfills.resume(record, this.#table);
    }
  }

  close(): void {
    this.#unsubscribe();
  }

  /** One change at a time, so that each sees what the one before has left. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#lastTurn.then(change);
    this.#lastTurn = result.catch(() => {});
    return result;
  }

  #checkRevision(subject: string, expected: number | undefined): void {
    const effective = this.#table.findEffective(subject);
    checkExpectedRevision(expected, { subject, newest: this.#records.get(subject), effective });
  }

  /** Not in turn: it only makes what is known truer, and others need not wait for a slow registry. */
  async #checkPlaced(subject: string, registry: string | null): Promise<void> {
    const { clock, world } = this.#options;
    const known = this.#records.get(subject);
    if ((known?.registry ?? null) === registry) return;
    const previous = known?.registry ?? null;
    const at = clock.nowMs();
    const preview = { subject, registry, revision: 0, who: '', at, reason: null, evidence: null, previous };
    const records = new Map(this.#records).set(subject, preview);
    const after = new ChoiceTable(world.choices, records.values());
    await this.#backfills.checkPlaced({ subject, at, before: this.#table, after });
  }

  /** Durable, then in memory, then told. */
  async #append(request: Omit<ChooseRequest, 'registry'>, registry: string | null): Promise<ChoiceChange> {
    const { store, clock, events, world } = this.#options;
    const { subject, who, reason, evidence, expectedRevision } = request;
    const before = this.#table;
    const previous = before.findEffective(subject)?.registry ?? null;
    const newest = expectedRevision === undefined ? undefined : (this.#records.get(subject)?.revision ?? 0);
    const record = await store.appendChoice(
      { subject, registry, who, at: clock.nowMs(), reason, evidence, previous },
      newest,
    );
    this.#records.set(subject, record);
    this.#table = new ChoiceTable(world.choices, this.#records.values());
    this.#generation += 1;
    const change = { record, before, after: this.#table };
    events.emit({ type: 'choice.changed', subject, revision: record.revision });
    return change;
  }
}
