import type { EventBus } from '../../events/event-bus.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NoticeStore } from '../../notify/notice-store.ts';

const MARK = 'agent ';
/** How often the time when an agent was last heard of is kept. */
const KEEP_EVERY_MS = 60_000;
/** A loss that goes on is said again so often; whether anybody is reminded is decided elsewhere. */
const SAY_EVERY_MS = 3_600_000;
const NEVER = Number.NEGATIVE_INFINITY;

export type AgentWatchOptions = {
  readonly sites: readonly { readonly name: string; readonly service: boolean }[];
  readonly store: Pick<NoticeStore, 'marks' | 'mark'>;
  readonly events: EventBus;
  readonly clock: Clock;
  /** An agent that is not heard of for so long is lost, milliseconds. */
  readonly lostAfterMs: number;
  readonly onError: (error: unknown) => void;
};

type Heard = {
  readonly atMs: number;
  readonly elapsedMs: number;
  keptAtMs: number;
  /** Null until the first word after a start. */
  isLost: boolean | null;
  saidAtMs: number;
};

/**
 * Whether the agents of other sites are heard of: each asks for something every half minute. A site of which none has
 * ever been heard has none. Time is that of the steady clock: a wall clock that is set loses nobody.
 */
export class AgentWatch {
  readonly #options: AgentWatchOptions;
  readonly #heard = new Map<string, Heard>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AgentWatchOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { store, clock, lostAfterMs, onError } = this.#options;
    for (const { key, at } of await store.marks(MARK)) {
      const site = key.slice(MARK.length);
      // An agent that was there before has its time from the start on: the service may have been away itself.
      if (this.#isSite(site) && !this.#heard.has(site))
        this.#heard.set(site, { atMs: at, elapsedMs: clock.elapsedMs(), keptAtMs: at, isLost: null, saidAtMs: NEVER });
    }
    this.#timer = setInterval(() => void this.look().catch(onError), Math.min(30_000, lostAfterMs / 4)).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** An agent of a site has asked for something. */
  heard(site: string): void {
    const { clock } = this.#options;
    const before = this.#heard.get(site);
    if (before === undefined && !this.#isSite(site)) return;
    const atMs = clock.nowMs();
    const keptAtMs = before?.keptAtMs ?? 0;
    this.#heard.set(site, { atMs, elapsedMs: clock.elapsedMs(), keptAtMs, isLost: false, saidAtMs: NEVER });
    // The first word after a start ends what an earlier run has told.
    if (before?.isLost !== false) this.#tell(site, true, atMs);
  }

  /** Tells of those that are lost, and keeps when the others were heard of. */
  async look(): Promise<void> {
    const { store, clock, lostAfterMs } = this.#options;
    for (const [site, heard] of this.#heard) {
      const elapsedMs = clock.elapsedMs();
      if (elapsedMs - heard.elapsedMs >= lostAfterMs) {
        heard.isLost = true;
        if (elapsedMs - heard.saidAtMs < SAY_EVERY_MS) continue;
        heard.saidAtMs = elapsedMs;
        this.#tell(site, false, heard.atMs);
      } else if (heard.isLost === false && Math.abs(heard.atMs - heard.keptAtMs) >= KEEP_EVERY_MS) {
        heard.keptAtMs = heard.atMs;
        await store.mark(`${MARK}${site}`, heard.atMs);
      }
    }
  }

  #tell(site: string, isHeard: boolean, lastHeardAt: number): void {
    this.#options.events.emit({ type: 'agent.heard', site, isHeard, lastHeardAt });
  }

  #isSite(name: string): boolean {
    return this.#options.sites.some((site) => site.name === name && !site.service);
  }
}
