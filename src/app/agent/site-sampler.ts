import { join } from 'node:path';
import {
  MAX_SAMPLES,
  samplesTakenSchema,
  type WorkAnswer,
  workAnswerSchema,
} from '../../api/schema/agent-work-schema.ts';
import { failedSample } from '../../bench/probes/failed-sample.ts';
import { takeDownload } from '../../bench/probes/take-download.ts';
import { takeWithin } from '../../bench/probes/take-within.ts';
import type { Sample } from '../../bench/sample.ts';
import { toTimestamp } from '../../kernel/clock.ts';
import { isFailure, toFailure } from '../../kernel/failure.ts';
import { parseDigest } from '../../oci/digest.ts';
import { parseRepositoryName } from '../../oci/repository-name.ts';
import type { AgentContext, AgentPart } from './agent-part.ts';
import { type BufferedSample, SampleBuffer } from './sample-buffer.ts';
import { ServiceClock } from './service-clock.ts';
import { readServiceJson } from './service-link.ts';
import type { SiteRegistries } from './site-registries.ts';

/** The service takes an agent for away when it has not heard of it for 45 s. */
const WAIT_MS = 10_000;
const SHORTEST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** So often clocks are compared before the first sample, one question right after the other. */
const COMPARISONS = 5;
const BATCH_BYTES = 512 * 1024;
/** Beyond this somebody should look at the machine's clock. */
const NOTABLE_OFFSET_MS = 2_000;

type Work = NonNullable<WorkAnswer['work']>;

/** Takes the samples that the service asks of this site, one at a time, and reports each until it is acknowledged. */
export class SiteSampler implements AgentPart {
  readonly name = 'sampler';
  readonly #context: AgentContext;
  readonly #registries: Pick<SiteRegistries, 'all' | 'openProbe'>;
  readonly #serviceClock: ServiceClock;
  readonly #closing = new AbortController();
  #buffer: SampleBuffer | undefined;
  #work: Promise<void> = Promise.resolve();
  #lastTrouble = '';
  #toldOffset = false;

  constructor(context: AgentContext, registries: Pick<SiteRegistries, 'all' | 'openProbe'>) {
    this.#context = context;
    this.#registries = registries;
    this.#serviceClock = new ServiceClock(context.clock);
  }

  async start(): Promise<void> {
    const { folder, log } = this.#context;
    const buffer = new SampleBuffer(join(folder, 'samples'), (sample, why) =>
      log.error({ event: 'sample lost', sample, error: why }),
    );
    this.#buffer = buffer;
    if (buffer.size > 0) log.info({ event: 'samples not reported yet', samples: buffer.size });
    this.#work = this.#run(buffer);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#work;
  }

  async #run(buffer: SampleBuffer): Promise<void> {
    const { clock } = this.#context;
    const { signal } = this.#closing;
    let pauseMs = SHORTEST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        const isIdle = await this.#turn(buffer, signal);
        this.#tell('');
        pauseMs = SHORTEST_PAUSE_MS;
        if (isIdle) await clock.sleep(pauseMs, signal).catch(() => {});
      } catch (error) {
        if (signal.aborted) return;
        this.#tell(toFailure(error).message);
        await clock.sleep(pauseMs, signal).catch(() => {});
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  /** Reports what is kept, asks for work and does it. True where there was nothing that could be done now. */
  async #turn(buffer: SampleBuffer, signal: AbortSignal): Promise<boolean> {
    const missing = COMPARISONS - this.#serviceClock.comparisons;
    for (let tried = 0; tried < missing; tried += 1) await this.#ask({ take: false }, signal);
    this.#tellOffset();
    while (buffer.size > 0) await this.#report(buffer, signal);
    // Without the first copy of the answers no registry is known here.
    if (this.#registries.all().length === 0) return true;
    const work = await this.#ask({ wait: `${WAIT_MS}ms` }, signal);
    if (work === null) return false;
    const sample = await this.#measure(work, signal);
    // What was cut off says nothing about the path; the service gives it again.
    if (!signal.aborted) buffer.add(toReport(sample));
    return false;
  }

  async #ask(request: { take: false } | { wait: string }, signal: AbortSignal): Promise<Work | null> {
    const { service, site, name, clock } = this.#context;
    const path = `/v1/agents/${encodeURIComponent(name)}/work`;
    const { wallOffsetMs } = this.#serviceClock;
    const json = { site, ...request, ...(wallOffsetMs === undefined ? {} : { clockOffsetMs: wallOffsetMs }) };
    const waitMs = 'wait' in request ? WAIT_MS : 0;
    const sentMs = clock.elapsedMs();
    const answer = await service.request({ method: 'POST', path, json, waitMs, signal });
    const gotMs = clock.elapsedMs();
    const { work, receivedAt, answeredAt } = workAnswerSchema.parse(readServiceJson(answer, `POST ${path}`));
    this.#serviceClock.note({
      sentMs,
      gotMs,
      receivedAt: Date.parse(receivedAt),
      answeredAt: Date.parse(answeredAt),
    });
    return work;
  }

  async #measure(work: Work, signal: AbortSignal): Promise<Sample> {
    const { site, log } = this.#context;
    const { id, leg, registry, payloadBytes, idleMs, patienceMs } = work;
    const order = { id, campaign: '', round: '', site, registry, leg, payloadBytes };
    const clock = this.#serviceClock.asClock();
    const blob = { repository: parseRepositoryName(work.repository), digest: parseDigest(work.digest) };
    const sampler = {
      open: this.#registries.openProbe,
      clock,
      ...(idleMs === null ? {} : { idleMs }),
    };
    log.debug({ event: 'sample begun', sample: id });
    try {
      return await takeWithin(patienceMs, signal, (either) => takeDownload(sampler, order, blob, either));
    } catch (error) {
      if (!isFailure(error, 'registry_unknown')) throw error;
      const { code, message: detail } = toFailure(error);
      return failedSample(order, clock.nowMs(), { code, step: null, detail });
    }
  }

  async #report(buffer: SampleBuffer, signal: AbortSignal): Promise<void> {
    const { service, site, name, log } = this.#context;
    const samples = buffer.first(MAX_SAMPLES, BATCH_BYTES);
    const path = `/v1/agents/${encodeURIComponent(name)}/samples`;
    const answer = await service.request({ method: 'POST', path, json: { site, samples }, signal });
    const { items } = samplesTakenSchema.parse(readServiceJson(answer, `POST ${path}`));
    for (const [position, { id }] of samples.entries()) {
      const verdict = items[position];
      if (verdict === undefined) throw new Error(`POST ${path} did not say what became of ${id}`);
      if (verdict.state === 'refused') log.warn({ event: 'sample refused', sample: id, reason: verdict.reason });
      buffer.remove(id);
    }
  }

  /** Trouble is told when it begins, when it changes and when it is over, not at each try. */
  #tell(trouble: string): void {
    if (trouble === this.#lastTrouble) return;
    const { log } = this.#context;
    const kept = this.#buffer?.size ?? 0;
    if (trouble === '') log.info({ event: 'work asked for again' });
    else log.warn({ event: 'work cannot be asked for', error: trouble, kept });
    this.#lastTrouble = trouble;
  }

  #tellOffset(): void {
    const offsetMs = this.#serviceClock.wallOffsetMs ?? 0;
    const isNotable = Math.abs(offsetMs) > NOTABLE_OFFSET_MS;
    if (isNotable && !this.#toldOffset)
      this.#context.log.warn({ event: 'clock is off', offsetMs: Math.round(offsetMs), note: 'samples are corrected' });
    this.#toldOffset = isNotable;
  }
}

/** What the service is told: what was seen. */
function toReport(sample: Sample): BufferedSample {
  const { id, error, setup, bodySeconds, intervalMs, intervalBytes, idle, loaded, connections, localLoad } = sample;
  return {
    ...{ id, at: toTimestamp(sample.at), error, setup, bodySeconds, intervalMs, intervalBytes },
    ...{ idle, loaded, connections, localLoad },
  };
}
