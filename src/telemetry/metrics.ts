import { Counter, Gauge, Histogram, Registry } from './prometheus.ts';
import { type MetricsSources, openStateGauges } from './state-gauges.ts';

/** One leg that has ended its attempt or its life, as figures. */
export type TransferFigures = {
  readonly registry: string;
  readonly bytesSent: number;
  readonly bytesResent: number;
  readonly bytesSavedPresent: number;
  readonly bytesSavedMounted: number;
  /** Seconds from the push's acceptance to this placement. */
  readonly lagSeconds: number;
  /** Seconds from when it first ran; null where that was not seen. */
  readonly runSeconds: number | null;
  /** By how much what was expected was wrong, as a share of the time it took; undefined where nothing was expected. */
  readonly estimateError: number | undefined;
};

/** What benchmarks say of a registry, as a site sees it: seconds for the reference image. */
export type MeasuredRegistry = {
  readonly registry: string;
  readonly figures: {
    readonly p50: number;
    readonly p95: number;
    readonly jitterMs: number | null;
    readonly stalled: { readonly share: number };
  } | null;
};

/** From a quarter of a second to half a day. */
const LAG_BUCKETS = [0.25, 1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1_800, 3_600, 10_800, 43_200];
const GOODPUT_BUCKETS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256].map((mib) => mib * 2 ** 20);
const ERROR_BUCKETS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5];
/** Sums of prom-client's that are no counters, though they are called so; the same by kind are there too. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `entrepot_nodejs_active_${what}_total`);
const RESOLVE_BUCKETS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05];

/**
 * Figures for Prometheus, https://prometheus.io/docs/practices/naming/: base units, `_total` for what only grows.
 * Labels have few values: registries of the configuration, states, codes; never image names.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #pushes: Counter<'state'>;
  readonly #placed: Counter<'registry'>;
  readonly #ended: Counter<'registry' | 'state'>;
  readonly #retries: Counter<'registry' | 'code'>;
  readonly #bytes: Counter<'registry' | 'kind'>;
  readonly #lag: Histogram<'registry'>;
  readonly #resolves: Counter<'state'>;
  readonly #resolveSeconds: Histogram;
  readonly #withdrawn: Counter<'registry'>;
  readonly #choices: Counter;
  readonly #goodput: Histogram<'registry'>;
  readonly #estimateError: Histogram<'registry' | 'direction'>;
  readonly #replaced: Counter<'registry' | 'direction' | 'cause'>;
  readonly #headStarts: Counter<'registry' | 'outcome'>;
  readonly #tokens: Counter<'registry' | 'outcome'>;
  readonly #notices: Counter<'receiver' | 'outcome'>;
  readonly #pruned: Counter<'kind'>;
  readonly #samples: Counter<'site' | 'source' | 'outcome'>;
  readonly #measured: BenchmarkGauges;
  /** Asks each source once. */
  readonly #look: () => Promise<void>;
  #watched: Promise<void> | undefined;

  constructor(sources: MetricsSources, version: string) {
    const registers = [this.#registry];
    const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
      new Counter<L>({ name: `entrepot_${name}`, help, labelNames, registers });
    this.#pushes = counter('pushes_total', 'Pushes that became final, by state', ['state']);
    this.#placed = counter('placements_total', 'Releases placed and verified, by registry', ['registry']);
    this.#ended = counter('transfers_total', 'Legs that became final, by registry and state', ['registry', 'state']);
    this.#retries = counter('transfer_retries_total', 'Attempts of legs that failed and are tried again, by cause', [
      'registry',
      'code',
    ]);
    this.#bytes = counter(
      'transfer_bytes_total',
      'Bytes of placed legs: sent, of these resent, saved because they were present or could be mounted',
      ['registry', 'kind'],
    );
    this.#replaced = counter(
      'connections_replaced_total',
      'Connections of legs to a registry that were given up because nothing moved on them, or far less than on others',
      ['registry', 'direction', 'cause'],
    );
    const ahead = 'Bytes that crossed while a client was still sending their blob, by whether they were of use';
    this.#headStarts = counter('head_start_bytes_total', ahead, ['registry', 'outcome']);
    this.#withdrawn = counter('placements_withdrawn_total', 'Placements that a registry lost', ['registry']);
    this.#choices = counter('choice_changes_total', 'Choices made, changed or taken back', []);
    this.#resolves = counter('resolve_answers_total', 'Answers of resolve, by state or failure code', ['state']);
    this.#notices = counter('notices_total', 'Attempts to deliver a notice, by receiver and outcome', [
      'receiver',
      'outcome',
    ]);
    this.#pruned = counter('pruned_records_total', 'Records that were forgotten because they were old, by kind', [
      'kind',
    ]);
    this.#tokens = counter('token_requests_total', 'Requests for a token of a registry or source, by outcome', [
      'registry',
      'outcome',
    ]);
    this.#goodput = new Histogram({
      name: 'entrepot_transfer_goodput_bytes_per_second',
      help: 'Bytes of a placed leg that were sent and counted, by the time since it first ran',
      labelNames: ['registry'],
      buckets: GOODPUT_BUCKETS,
      registers,
    });
    this.#estimateError = new Histogram({
      name: 'entrepot_estimate_error_ratio',
      help: 'Difference between the expected and the actual time to placed, as a share of the actual one; `late`: it took longer',
      labelNames: ['registry', 'direction'],
      buckets: ERROR_BUCKETS,
      registers,
    });
    this.#samples = counter(
      'samples_total',
      'Measurements recorded, by site, whether taken or of production, and outcome',
      ['site', 'source', 'outcome'],
    );
    this.#measured = openBenchmarkGauges(registers);
    new Counter({
      name: 'entrepot_log_lines_dropped_total',
      help: 'Lines of the log that nobody took in time',
      registers,
      collect() {
        this.reset();
        this.inc(sources.droppedLogLines());
      },
    });
    this.#lag = new Histogram({
      name: 'entrepot_push_lag_seconds',
      help: 'From the acceptance of a push to its placement at a registry',
      labelNames: ['registry'],
      buckets: LAG_BUCKETS,
      registers,
    });
    this.#resolveSeconds = new Histogram({
      name: 'entrepot_resolve_seconds',
      help: 'Time that resolving takes, without HTTP',
      buckets: RESOLVE_BUCKETS,
      registers,
    });
    new Gauge({ name: 'entrepot_build_info', help: 'Which version runs', labelNames: ['version'], registers })
      .labels(version)
      .set(1);
    this.#look = openStateGauges(sources, registers);
  }

  /** From here on the process is watched too: memory, processor, garbage, the lateness of its event loop. */
  watchProcess(): Promise<void> {
    this.#watched ??= import('prom-client').then(({ collectDefaultMetrics }) => {
      collectDefaultMetrics({ register: this.#registry, prefix: 'entrepot_' });
      for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
    });
    return this.#watched;
  }

  pushEnded(state: string): void {
    this.#pushes.labels(state).inc();
  }

  transferEnded(registry: string, state: string): void {
    this.#ended.labels(registry, state).inc();
  }

  transferPlaced(figures: TransferFigures): void {
    const { registry, runSeconds, estimateError } = figures;
    const arrived = figures.bytesSent - figures.bytesResent;
    if (runSeconds !== null && runSeconds > 0 && arrived > 0)
      this.#goodput.labels(registry).observe(arrived / runSeconds);
    if (estimateError !== undefined)
      this.#estimateError.labels(registry, estimateError < 0 ? 'late' : 'early').observe(Math.abs(estimateError));
    this.#placed.labels(registry).inc();
    this.#lag.labels(registry).observe(figures.lagSeconds);
    this.#bytes.labels(registry, 'sent').inc(figures.bytesSent);
    this.#bytes.labels(registry, 'resent').inc(figures.bytesResent);
    this.#bytes.labels(registry, 'saved_present').inc(figures.bytesSavedPresent);
    this.#bytes.labels(registry, 'saved_mounted').inc(figures.bytesSavedMounted);
  }

  connectionReplaced(registry: string, { direction, cause }: { direction: string; cause: string }): void {
    this.#replaced.labels(registry, direction, cause).inc();
  }

  headStartEnded(registry: string, { bytes, isUsed }: { bytes: number; isUsed: boolean }): void {
    this.#headStarts.labels(registry, isUsed ? 'used' : 'wasted').inc(bytes);
  }

  pruned(kind: string, records: number): void {
    this.#pruned.labels(kind).inc(records);
  }

  noticeTried(receiver: string, outcome: string): void {
    this.#notices.labels(receiver, outcome).inc();
  }

  tokenAsked(registry: string, outcome: string): void {
    this.#tokens.labels(registry, outcome).inc();
  }

  sampleTaken({ site, source, ok }: { site: string; source: string; ok: boolean }): void {
    this.#samples.labels(site, source, ok ? 'ok' : 'failed').inc();
  }

  measured(site: string, registries: readonly MeasuredRegistry[]): void {
    for (const { registry, figures } of registries) {
      if (figures === null) continue;
      this.#measured.seconds.labels(site, registry, '0.5').set(figures.p50);
      this.#measured.seconds.labels(site, registry, '0.95').set(figures.p95);
      this.#measured.stalled.labels(site, registry).set(figures.stalled.share);
      if (figures.jitterMs !== null) this.#measured.jitter.labels(site, registry).set(figures.jitterMs / 1_000);
    }
  }

  transferRetried(registry: string, code: string): void {
    this.#retries.labels(registry, code).inc();
  }

  placementWithdrawn(registry: string): void {
    this.#withdrawn.labels(registry).inc();
  }

  choiceChanged(): void {
    this.#choices.inc();
  }

  /** An answer of resolve by its state, or its refusal by its code; with the time that it took, where that says something. */
  resolved(state: string, seconds?: number): void {
    this.#resolves.labels(state).inc();
    if (seconds !== undefined) this.#resolveSeconds.observe(seconds);
  }

  /** In the text format of Prometheus, with the content type that goes with it. */
  async render(): Promise<{ text: string; contentType: string }> {
    await Promise.all([this.#look(), this.#watched]);
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }
}

type BenchmarkGauges = {
  readonly seconds: Gauge<'site' | 'registry' | 'quantile'>;
  readonly stalled: Gauge<'site' | 'registry'>;
  readonly jitter: Gauge<'site' | 'registry'>;
};

function openBenchmarkGauges(registers: Registry[]): BenchmarkGauges {
  return {
    seconds: new Gauge({
      name: 'entrepot_benchmark_seconds',
      help: 'Seconds for the reference image on the whole path, as the last look at the recommendation had it',
      labelNames: ['site', 'registry', 'quantile'],
      registers,
    }),
    stalled: new Gauge({
      name: 'entrepot_benchmark_stalled_ratio',
      help: 'Share of the rounds in which the path stood still',
      labelNames: ['site', 'registry'],
      registers,
    }),
    jitter: new Gauge({
      name: 'entrepot_benchmark_jitter_seconds',
      help: 'Jitter of round trips while bytes flow, the median of the rounds',
      labelNames: ['site', 'registry'],
      registers,
    }),
  };
}
