import type { ClusterEntry, World } from '../regions/world.ts';
import type { EffectiveChoice } from './choice-record.ts';
import type { OpenedChoices } from './open-choices.ts';
import { findStandbys, type PullOrder, pullOrder } from './pull-order.ts';
import { type PullReferenceWriter, pullReferenceWriter } from './pull-reference-writer.ts';

export type PullPlan = {
  readonly order: PullOrder;
  readonly choice: { readonly registry: string; readonly revision: number } | null;
  /** The registries of the order, with what an answer needs of each. */
  readonly stops: readonly PullStop[];
};

export type PullStop = { readonly registry: string; readonly region: string; readonly write: PullReferenceWriter };

/** The relays that a site's measurements rank, best first. */
export type Recommendation = (site: string) => readonly string[];

/** What images have in common: the same choice and the same standbys make the same order. */
type Kind = { readonly choice: EffectiveChoice | undefined; readonly standbys: readonly string[] };

/**
 * The order of registries per cluster and image, worked out once per kind of image until a choice or the
 * recommendation changes, so that resolving is a few look-ups.
 */
export class PullPlans {
  readonly #world: Pick<World, 'registries' | 'standby'>;
  readonly #choices: Pick<OpenedChoices, 'effective' | 'generation'>;
  readonly #recommendation: Recommendation;
  readonly #kindOf = new Map<string, Kind>();
  readonly #kinds = new Map<string, Kind>();
  readonly #plans = new Map<string, { recommended: readonly string[]; byKind: Map<Kind, PullPlan> }>();
  readonly #stops = new Map<string, PullStop>();
  #generation = -1;

  constructor(options: {
    world: Pick<World, 'registries' | 'standby'>;
    choices: Pick<OpenedChoices, 'effective' | 'generation'>;
    recommendation: Recommendation;
  }) {
    this.#world = options.world;
    this.#choices = options.choices;
    this.#recommendation = options.recommendation;
  }

  /** The plan for an image that exists: each name asked for is remembered. */
  get(cluster: ClusterEntry, name: string): PullPlan {
    if (this.#generation !== this.#choices.generation) this.#forget();
    const kind = this.#getKind(name);
    const recommended = cluster.pulls === 'home' ? [] : this.#recommendation(cluster.site);
    let known = this.#plans.get(cluster.name);
    if (known === undefined || !isSame(known.recommended, recommended)) {
      known = { recommended: [...recommended], byKind: new Map() };
      this.#plans.set(cluster.name, known);
    }
    let plan = known.byKind.get(kind);
    if (plan === undefined) {
      plan = this.#makePlan(cluster, kind, recommended);
      known.byKind.set(kind, plan);
    }
    return plan;
  }

  #makePlan(cluster: ClusterEntry, kind: Kind, recommended: readonly string[]): PullPlan {
    const order = pullOrder({ cluster, registries: this.#world.registries, ...kind, recommended });
    const choice = cluster.pulls === 'home' ? undefined : kind.choice;
    return {
      order,
      choice: choice === undefined ? null : { registry: choice.registry, revision: choice.revision },
      stops: order.registries.map((registry) => {
        const key = `${cluster.site} ${registry.name}`;
        const { name, region } = registry;
        const stop = this.#stops.get(key) ?? {
          registry: name,
          region,
          write: pullReferenceWriter(registry, cluster.site),
        };
        this.#stops.set(key, stop);
        return stop;
      }),
    };
  }

  #getKind(name: string): Kind {
    let kind = this.#kindOf.get(name);
    if (kind === undefined) {
      const choice = this.#choices.effective(name);
      const standbys = findStandbys(this.#world.standby, name);
      const key = JSON.stringify([choice?.source, choice?.subject, standbys]);
      kind = this.#kinds.get(key) ?? { choice, standbys };
      this.#kinds.set(key, kind);
      this.#kindOf.set(name, kind);
    }
    return kind;
  }

  #forget(): void {
    this.#generation = this.#choices.generation;
    this.#kindOf.clear();
    this.#kinds.clear();
    this.#plans.clear();
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((text, at) => text === b[at]));
}
