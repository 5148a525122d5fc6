import type { SeenAgent } from './desk-work.ts';

/** Not heard of for so long an agent is away: it asks for work every ten seconds, and once more when that fails. */
export const AWAY_MS = 45_000;

/** The agent that takes the samples of a site. */
export type AgentPresence = {
  readonly site: string;
  /** Null where there never was one. */
  readonly agent: string | null;
  readonly seenAt: number | null;
  readonly clockOffsetMs: number | null;
  readonly state: 'waiting' | 'measuring' | 'away';
};

/** When agents were heard of last: by the clock on the wall for people, by the one that never jumps for decisions. */
export class Presence {
  readonly #seen = new Map<string, SeenAgent & { readonly elapsedMs: number }>();

  /** What an earlier run knew: it says since when an agent is away, not that it is here. */
  restore(agents: readonly SeenAgent[]): void {
    for (const agent of agents.toReversed())
      this.#seen.set(agent.site, { ...agent, elapsedMs: Number.NEGATIVE_INFINITY });
  }

  note(agent: SeenAgent, elapsedMs: number): void {
    const clockOffsetMs = agent.clockOffsetMs ?? this.#seen.get(agent.site)?.clockOffsetMs ?? null;
    this.#seen.set(agent.site, { ...agent, clockOffsetMs, elapsedMs });
  }

  /** By the clock that never jumps; minus infinity where nobody was heard of. */
  seenMs(site: string): number {
    return this.#seen.get(site)?.elapsedMs ?? Number.NEGATIVE_INFINITY;
  }

  list(): readonly SeenAgent[] {
    return [...this.#seen.values()];
  }

  find(site: string): SeenAgent | undefined {
    return this.#seen.get(site);
  }

  /** `an agent at us-east, last heard of at …`, for people. */
  describe(site: string): string {
    const seen = this.#seen.get(site);
    return seen === undefined
      ? `no agent has come from ${site} yet (entrepot agent --site ${site})`
      : `agent ${seen.name} at ${site} was heard of last at ${new Date(seen.seenAt).toISOString()}`;
  }
}
