import type { Tag } from '../oci/tag.ts';
import type { World } from '../regions/world.ts';
import type { Backfill, BackfillRelease } from './backfill.ts';
import { type CarryOverQuestion, type CarryOverSources, findCarryOver, type MayCross } from './carry-over.ts';
import { choiceOrigin } from './choice-origin.ts';
import type { ChoiceRecord } from './choice-record.ts';
import type { ChoiceStore } from './choice-store.ts';
import { isPatternSubject } from './choice-subject.ts';
import type { ChoiceTable } from './choice-table.ts';
import type { PlacementCheck } from './placement-check.ts';
import type { ReleaseIndex } from './release-index.ts';

export type ChoiceBackfillsOptions = {
  readonly world: Pick<World, 'registries' | 'backfill'>;
  readonly store: Pick<ChoiceStore, 'usedSince'>;
  readonly index: Pick<ReleaseIndex, 'findImage' | 'images'>;
  readonly backfill: Backfill;
  /** Nothing is looked at without it. */
  readonly checkPlaced?: PlacementCheck;
  /** Does a release leave home at all? All do without it. */
  readonly mayCross?: MayCross;
  readonly onError?: (error: unknown) => void;
};

/** One decision with everything that was in force before and after it. */
export type ChoiceChange = { readonly record: ChoiceRecord; readonly before: ChoiceTable; readonly after: ChoiceTable };

/** Makes releases follow their choice. Fails nobody: a choice holds even when its backfill could not be begun. */
export class ChoiceBackfills {
  readonly #options: ChoiceBackfillsOptions;

  readonly #mayCross: MayCross;

  constructor(options: ChoiceBackfillsOptions) {
    this.#options = options;
    this.#mayCross = options.mayCross ?? (() => true);
  }

  /** A choice for one image carries whatever the registry lacks; one for a pattern only what it has moved. */
  carryOver({ record, before, after }: ChoiceChange): Promise<void> {
    return this.#begin(record, {
      subject: record.subject,
      registryOf: movesTo(record.subject, before, after),
      at: record.at,
      acceptedBy: Number.POSITIVE_INFINITY,
    });
  }

  /** Has a look at what the new registries already hold, before a choice makes clusters pull it from there. */
  checkPlaced(move: { subject: string; at: number; before: ChoiceTable; after: ChoiceTable }): Promise<void> {
    const { subject, at, before, after } = move;
    const { checkPlaced } = this.#options;
    if (checkPlaced === undefined) return Promise.resolve();
    return this.#guard(async () => {
      const registryOf = movesTo(subject, before, after);
      const question = { subject, registryOf, at, acceptedBy: Number.POSITIVE_INFINITY, which: 'placed' } as const;
      const placed = await findCarryOver(this.#sources(), question);
      await Promise.all([...placed].map(([registry, releases]) => checkPlaced(registry, releases)));
    });
  }

  /** What a choice of an earlier run may not have begun before that run ended. */
  async resume(record: ChoiceRecord, table: ChoiceTable): Promise<void> {
    if (isPatternSubject(record.subject) && record.registry === record.previous) return;
    const registryOf = (name: string) => {
      const effective = table.findEffective(name);
      const decided =
        record.registry === null ? (effective?.record?.at ?? 0) <= record.at : effective?.record === record;
      return decided ? effective?.registry : undefined;
    };
    await this.#begin(record, { subject: record.subject, registryOf, at: record.at, acceptedBy: record.at });
  }

  /** A push that goes where an earlier choice pointed, and was told of, or said its digest, only after `record` was made. */
  async carryLate(record: ChoiceRecord, release: BackfillRelease & { tag: Tag; acceptedAt: number }): Promise<void> {
    const { registry } = record;
    if (registry === null || !this.#mayCross(release)) return;
    const { digest: sourceDigest, platformSet } = release;
    if (this.#options.index.findImage(release.name)?.hasPlacement(registry, { sourceDigest, platformSet })) return;
    await this.#guard(() => this.#start(record, registry, [release]));
  }

  #begin(record: ChoiceRecord, question: Omit<CarryOverQuestion, 'which'>): Promise<void> {
    return this.#guard(async () => {
      const found = await findCarryOver(this.#sources(), { ...question, which: 'lacking' });
      for (const [registry, releases] of found) await this.#start(record, registry, releases);
    });
  }

  #sources(): CarryOverSources {
    const { index, store, world } = this.#options;
    return { index, store, backfill: world.backfill, mayCross: this.#mayCross };
  }

  async #start(record: ChoiceRecord, registry: string, releases: readonly BackfillRelease[]): Promise<void> {
    const entry = this.#options.world.registries.find((known) => known.name === registry);
    if (!entry?.enabled) return;
    const { subject, revision } = record;
    await this.#options.backfill.start({ subject, revision, origin: choiceOrigin(record), registry, releases });
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.onError?.(error);
    }
  }
}

/** Where each image goes; for a pattern only those that it moves. */
function movesTo(subject: string, before: ChoiceTable, after: ChoiceTable): (name: string) => string | undefined {
  return (name) => {
    const now = after.findEffective(name)?.registry;
    return isPatternSubject(subject) && now === before.findEffective(name)?.registry ? undefined : now;
  };
}
