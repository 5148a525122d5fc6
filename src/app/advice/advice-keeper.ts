import { presentRecommendation } from '../../api/present/present-recommendation.ts';
import type { MeasurementStore } from '../../bench/measurement-store.ts';
import { findFollowed } from '../../bench/recommend/follow-decision.ts';
import type { Recommendation } from '../../bench/recommend/recommendation.ts';
import type { Choices } from '../../choice/choices.ts';
import type { EventBus } from '../../events/event-bus.ts';
import type { Clock } from '../../kernel/clock.ts';
import { isFailure } from '../../kernel/failure.ts';
import type { World } from '../../regions/world.ts';
import type { Log } from '../../telemetry/log.ts';
import { findPatternChoice, type OpenedAdvice, toIncumbent } from './open-advice.ts';

export type AdviceKeeperOptions = {
  readonly world: Pick<World, 'clusters' | 'recommendation'>;
  readonly advice: Pick<OpenedAdvice, 'recommend' | 'recommendFor'>;
  readonly measurements: Pick<MeasurementStore, 'isEmpty'>;
  readonly choices: Pick<Choices, 'effective' | 'findPattern' | 'history' | 'choose'>;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly log: Log;
  readonly onError: (error: unknown) => void;
  /** Told what each look found. */
  readonly onAdvice?: (site: string, advice: Recommendation) => void;
};

/** Days decide what is recommended; sooner than this nothing has changed that would matter. */
const EVERY_MS = 3_600_000;

/** Who chose, in the history of a pattern that follows. */
export const FOLLOWER = 'recommendation';

/** Looks at the recommendations once an hour: for the order that resolve falls back in, and for patterns that follow. */
export class AdviceKeeper {
  readonly #options: AdviceKeeperOptions;
  readonly #ranked = new Map<string, readonly string[]>();
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: AdviceKeeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** A site's relays, best first; none until there is more than a provisional recommendation. */
  ranked(site: string): readonly string[] {
    return this.#ranked.get(site) ?? NONE;
  }

  /** One look. */
  async look(): Promise<void> {
    const { world, measurements } = this.#options;
    if (await measurements.isEmpty()) return;
    for (const site of new Set(world.clusters.filter(({ pulls }) => pulls === 'choice').map((entry) => entry.site))) {
      const advice = await this.#options.advice.recommend({ site });
      this.#options.onAdvice?.(site, advice);
      const { state, ranked } = advice;
      if (state === 'recommended')
        this.#ranked.set(
          site,
          ranked.map(({ registry }) => registry),
        );
      else this.#ranked.delete(site);
    }
    for (const { pattern, site } of world.recommendation.follow) await this.#follow(pattern, site);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.look().catch((error) => signal.aborted || this.#options.onError(error));
      await this.#options.clock.sleep(EVERY_MS, signal).catch(() => {});
    }
  }

  async #follow(subject: string, site: string): Promise<void> {
    const { advice, choices, events, clock, log } = this.#options;
    const inForce = subject.includes('*') ? findPatternChoice(choices, subject) : choices.effective(subject);
    const recommendation = await advice.recommendFor(site, toIncumbent(inForce));
    const registry = findFollowed(recommendation, inForce?.registry ?? null);
    if (registry === null) return;
    const own = (await choices.history(subject, { limit: 1 })).items[0]?.revision ?? 0;
    const reason = `follows the recommendation for ${site}: ${recommendation.reasons[0] ?? ''}`;
    const evidence = presentRecommendation(recommendation, null);
    try {
      await choices.choose({ subject, registry, who: FOLLOWER, reason, evidence, expectedRevision: own });
    } catch (error) {
      // Somebody chose meanwhile, and decides.
      if (isFailure(error, 'revision_conflict')) return;
      throw error;
    }
    const previous = inForce?.registry ?? null;
    log.info({ event: 'recommendation followed', subject, site, registry, previous, reason });
    events.emit({ type: 'recommendation.followed', subject, site, registry, previous, at: clock.nowMs() });
  }
}

const NONE: readonly string[] = [];
