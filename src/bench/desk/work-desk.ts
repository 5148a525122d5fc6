import type { Clock } from '../../kernel/clock.ts';
import type { BenchmarkStore } from '../campaign/benchmark-store.ts';
import { failedSample } from '../probes/failed-sample.ts';
import type { ReferenceImage } from '../recorded-measurement.ts';
import type { Sample } from '../sample.ts';
import type { DeskStore } from './desk-store.ts';
import type { DeskWork, DownloadWork, SeenAgent } from './desk-work.ts';
import { type AgentPresence, AWAY_MS, Presence } from './presence.ts';
import { findFault, type SampleReport, toSample } from './sample-report.ts';

/** On top of what a download may take: probing, and the way of its sample to here. */
const REPORT_MS = 30_000;
/** How often the same agent's coming is written down. */
const NOTE_MS = 10_000;

/** Who asks, by what it says of itself; its site is its token's. */
export type AskingAgent = { readonly name: string; readonly site: string; readonly clockOffsetMs: number | null };

/** What became of a reported sample. `known`: it was here already. */
export type ReportVerdict = { readonly id: string } & (
  | { readonly state: 'taken' | 'known' }
  | { readonly state: 'refused'; readonly reason: string }
);

export type WorkDeskOptions = {
  readonly store: DeskStore;
  readonly samples: Pick<BenchmarkStore, 'recordSample'>;
  readonly reference: ReferenceImage;
  readonly clock: Clock;
};

/** One whose sample a campaign waits for. By the clock that never jumps. */
type Awaited = {
  readonly work: DownloadWork;
  readonly sinceMs: number;
  givenMs: number | null;
  readonly arrived: PromiseWithResolvers<Sample>;
};

/** Where downloads lie until the agent of their site takes them, one at a time, and where their samples come back. */
export class WorkDesk {
  readonly #options: WorkDeskOptions;
  readonly #awaited = new Map<string, Awaited>();
  readonly #presence = new Presence();
  /** The round in which a site's agent was waited for in vain, and not heard of since. */
  readonly #gaveUp = new Map<string, string>();
  readonly #askers = new Map<string, Set<() => void>>();
  readonly #notedMs = new Map<string, number>();

  constructor(options: WorkDeskOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { store } = this.#options;
    await store.lapseOpen();
    this.#presence.restore(await store.agents());
  }

  /** The newest of each site. */
  agents(): readonly SeenAgent[] {
    return this.#presence.list();
  }

  /** The sample of a work once its agent reports it; a failed one, `agent_away`, when nobody does in time. */
  async request(work: DownloadWork, signal: AbortSignal): Promise<Sample> {
    const { store, clock } = this.#options;
    await store.put(work, clock.nowMs());
    const isGiven = (await store.find(work.id))?.state === 'given';
    const sinceMs = clock.elapsedMs();
    const awaited = { work, sinceMs, givenMs: isGiven ? sinceMs : null, arrived: Promise.withResolvers<Sample>() };
    this.#awaited.set(work.id, awaited);
    for (const wake of this.#askers.get(work.site) ?? []) wake();
    try {
      return await this.#untilOver(awaited, signal);
    } finally {
      this.#awaited.delete(work.id);
      await store.lapse(work.id);
    }
  }

  /** The next work of the agent, waiting for it; undefined when there is none by then. */
  async take(agent: AskingAgent, waitMs: number, signal: AbortSignal): Promise<DeskWork | undefined> {
    await this.#note(agent);
    const given = await this.#give(agent);
    if (given !== undefined || waitMs <= 0) return given;
    await this.#untilPut(agent.site, waitMs, signal);
    return signal.aborted ? undefined : this.#give(agent);
  }

  /** Notes that the agent is there, without giving it anything. */
  async greet(agent: AskingAgent): Promise<void> {
    await this.#note(agent);
  }

  /** Takes samples, each by itself and each once. */
  async report(agent: AskingAgent, reports: readonly SampleReport[]): Promise<readonly ReportVerdict[]> {
    await this.#note(agent);
    const verdicts: ReportVerdict[] = [];
    for (const report of reports) verdicts.push({ id: report.id, ...(await this.#takeReport(agent, report)) });
    return verdicts;
  }

  presence(site: string): AgentPresence {
    const { name = null, seenAt = null, clockOffsetMs = null } = this.#presence.find(site) ?? {};
    const isMeasuring = this.#awaited.values().some(({ work, givenMs }) => work.site === site && givenMs !== null);
    const isAway = this.#options.clock.elapsedMs() - this.#presence.seenMs(site) > AWAY_MS;
    return { site, agent: name, seenAt, clockOffsetMs, state: isMeasuring ? 'measuring' : isAway ? 'away' : 'waiting' };
  }

  async #takeReport(agent: AskingAgent, report: SampleReport) {
    const { store, samples, reference, clock } = this.#options;
    const refused = (reason: string) => ({ state: 'refused' as const, reason });
    const work = await store.find(report.id);
    if (work === undefined || work.givenTo === null) return refused('no such work was given');
    if (work.site !== agent.site) return refused(`it is not work of ${agent.site}`);
    if (work.givenTo !== agent.name) return refused('it was given to another agent');
    if (work.state === 'done') return { state: 'known' as const };
    const fault = findFault(report, work, clock.nowMs());
    if (fault !== undefined) return refused(fault);
    const sample = toSample(report, work);
    const isNew = await samples.recordSample(sample, reference);
    await store.finish(work.id);
    this.#awaited.get(work.id)?.arrived.resolve(sample);
    return { state: isNew ? ('taken' as const) : ('known' as const) };
  }

  async #untilOver(awaited: Awaited, signal: AbortSignal): Promise<Sample> {
    const { clock } = this.#options;
    const { arrived } = awaited;
    for (;;) {
      signal.throwIfAborted();
      const leftMs = this.#endsMs(awaited) - clock.elapsedMs();
      if (leftMs <= 0) return this.#giveUp(awaited);
      const ended = new AbortController();
      const stop = AbortSignal.any([signal, ended.signal]);
      try {
        const sample = await Promise.race([arrived.promise, clock.sleep(leftMs, stop).catch(() => undefined)]);
        if (sample !== undefined) return sample;
      } finally {
        ended.abort();
      }
    }
  }

  /** When it has been waited for long enough. */
  #endsMs({ work, sinceMs, givenMs }: Awaited): number {
    if (givenMs !== null) return givenMs + work.patienceMs + REPORT_MS;
    // A round waits for its agent once; the samples that follow would come out of its time.
    if (this.#gaveUp.get(work.site) === work.round) return sinceMs;
    return Math.max(sinceMs, this.#presence.seenMs(work.site)) + AWAY_MS;
  }

  #giveUp({ work, givenMs }: Awaited): Sample {
    const { clock } = this.#options;
    if (givenMs === null) this.#gaveUp.set(work.site, work.round);
    const { id, campaign, round, site, registry, payloadBytes } = work;
    const what = givenMs === null ? 'nobody took the work' : 'the work was taken and its sample has not come yet';
    return failedSample({ id, campaign, round, site, registry, payloadBytes, leg: 'download' }, clock.nowMs(), {
      code: 'agent_away',
      step: null,
      detail: `${what}: ${this.#presence.describe(site)}`,
    });
  }

  async #give(agent: AskingAgent): Promise<DeskWork | undefined> {
    const given = await this.#options.store.give(agent.site, agent.name);
    const awaited = given === undefined ? undefined : this.#awaited.get(given.id);
    if (awaited !== undefined) awaited.givenMs ??= this.#options.clock.elapsedMs();
    return given;
  }

  async #untilPut(site: string, waitMs: number, signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const wake = () => ended.abort();
    const askers = this.#askers.get(site) ?? new Set();
    this.#askers.set(site, askers.add(wake));
    try {
      await this.#options.clock.sleep(waitMs, AbortSignal.any([signal, ended.signal])).catch(() => {});
    } finally {
      askers.delete(wake);
    }
  }

  async #note({ name, site, clockOffsetMs }: AskingAgent): Promise<void> {
    const { store, clock } = this.#options;
    const elapsedMs = clock.elapsedMs();
    const agent = { name, site, seenAt: clock.nowMs(), clockOffsetMs };
    this.#presence.note(agent, elapsedMs);
    this.#gaveUp.delete(site);
    if (elapsedMs - (this.#notedMs.get(`${site} ${name}`) ?? Number.NEGATIVE_INFINITY) < NOTE_MS) return;
    this.#notedMs.set(`${site} ${name}`, elapsedMs);
    await store.noteAgent(agent);
  }
}
