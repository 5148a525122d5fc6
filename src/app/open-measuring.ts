import { benchRepository } from '../bench/campaign/bench-image.ts';
import { openDownloadStep } from '../bench/campaign/download-step.ts';
import { openOneAtATime } from '../bench/campaign/one-at-a-time.ts';
import { type OpenedBenchmarks, openBenchmarks } from '../bench/campaign/open-benchmarks.ts';
import type { RoundStep } from '../bench/campaign/round-order.ts';
import { samplePatienceMs } from '../bench/campaign/sample-patience.ts';
import type { ScheduleRun } from '../bench/campaign/schedule-run.ts';
import { Schedules } from '../bench/campaign/schedules.ts';
import { openUploadStep } from '../bench/campaign/upload-step.ts';
import { KeptPayloads } from '../bench/desk/kept-payloads.ts';
import type { KeptPayload } from '../bench/desk/payload-store.ts';
import { WorkDesk } from '../bench/desk/work-desk.ts';
import { diagnoseFlows } from '../bench/probes/diagnose-flows.ts';
import type { Environment } from '../config/environment.ts';
import { type Clock, toTimestamp } from '../kernel/clock.ts';
import type { World } from '../regions/world.ts';
import type { Store } from '../store/store.ts';
import type { UploadJournalEntry } from '../sync/push/push-store.ts';
import type { RegistryDirectory } from '../sync/push/registry-directory.ts';
import type { Log } from '../telemetry/log.ts';
import { askRegistries } from './ask-registries.ts';
import { openProbeClients } from './probe-clients.ts';
import { ProbeSessions } from './probe-sessions.ts';

/** How often what no campaign needs any more is looked for at the registries. */
const TIDY_MS = 3_600_000;

export type MeasuringOptions = {
  readonly world: World;
  readonly store: Pick<Store, 'benchmarks' | 'journal' | 'desk' | 'payloads' | 'schedules'>;
  readonly environment: Pick<Environment, 'findVariable'>;
  /** Registries as transfers reach them, which know how far away each is. */
  readonly directory: Pick<RegistryDirectory, 'registry'>;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a sample probes round trips before its body, where the campaign does not say. */
  readonly idleProbeMs: number | undefined;
  readonly onError: (error: unknown) => void;
};

export type Measuring = {
  readonly benchmarks: OpenedBenchmarks;
  readonly desk: WorkDesk;
  readonly schedules: Schedules;
  /** Is this the upload of a measurement under way? */
  readonly isOwnUpload: (upload: Pick<UploadJournalEntry, 'location'>) => boolean;
  /** Goes on with what an earlier run left. */
  start(): Promise<void>;
  close(): Promise<void>;
};

/** Everything that measures: campaigns, and what takes their samples. */
export function openMeasuring(options: MeasuringOptions): Measuring {
  const { world, store, environment, directory, clock, log, idleProbeMs, onError } = options;
  const { recommendation, registries } = world;
  const sessions = new ProbeSessions(store.journal, clock);
  const open = openProbeClients({ world, environment, sessions, clock });
  // What is left for agents to pull is left far away.
  const chunkBytes = world.limits.longPathChunkBytes;
  const patienceMs = (payloadBytes: number) => samplePatienceMs(payloadBytes, recommendation);
  const uplink = openOneAtATime();
  const reference = { bytes: recommendation.referenceBytes, deadlineSeconds: recommendation.deadlineMs / 1_000 };
  const desk = new WorkDesk({ store: store.desk, samples: store.benchmarks, reference, clock });
  const payloads = new KeptPayloads({
    ...{ store: store.payloads, open, chunkBytes, oneAtATime: uplink, patienceMs, clock, onError },
    repositoryOf: (registry) => benchRepository(registries, registry),
  });
  const sendingTo = (registry: string) => ({
    repository: benchRepository(registries, registry),
    chunkBytes: directory.registry(registry)?.target.chunkBytes ?? chunkBytes,
  });
  const upload = openUploadStep({
    sampler: { open, clock, ...(idleProbeMs === undefined ? {} : { idleMs: idleProbeMs }) },
    ...{ registries, patienceMs },
    chunkBytes: (registry) => sendingTo(registry).chunkBytes,
    site: world.sites.find((site) => site.service)?.name ?? '',
  });
  const download = openDownloadStep({ payloads, desk, clock, patienceMs });
  const isKept = async (registry: string, payloadBytes: number) =>
    (await payloads.find(registry, payloadBytes)) !== undefined;
  const needsSending = async ({ leg, registry, payloadBytes }: RoundStep) =>
    leg === 'download' && !(await isKept(registry, payloadBytes));
  const diagnose = (registry: string, campaign: string, signal: AbortSignal) =>
    uplink(() => diagnoseFlows({ open, clock }, campaign, { registry, ...sendingTo(registry) }, signal));
  const benchmarks = openBenchmarks({
    world,
    diagnose,
    store: store.benchmarks,
    runStep: (step, order, signal) =>
      step.leg === 'upload' ? uplink(() => upload(step, order, signal)) : download(step, order, signal),
    bytesOf: async (step) => ((await needsSending(step)) ? 2 : 1) * step.payloadBytes,
    isKept,
    ask: askRegistries(open),
    needsRegistry: async (step) => step.leg === 'upload' || (await needsSending(step)),
    presence: (site) => desk.presence(site),
    clock,
    onError,
  });

  const { schedules: scheduled } = world.measuring;
  const schedules = new Schedules({
    ...{ schedules: scheduled, benchmarks, store: store.benchmarks, runs: store.schedules, clock, onError },
    onPassedOver: (runs) => tellPassedOver(log, runs),
  });

  const closing = new AbortController();
  let tidying: Promise<void> = Promise.resolve();
  const tidy = async () => {
    while (!closing.signal.aborted) {
      const plans = (await store.benchmarks.unfinished()).map(({ plan }) => plan);
      await payloads.removeUnused(isNeededBy(plans));
      await clock.sleep(TIDY_MS, closing.signal).catch(() => {});
    }
  };
  return {
    benchmarks,
    desk,
    schedules,
    isOwnUpload: (upload) => sessions.isOwn(upload),
    async start() {
      await desk.start();
      await benchmarks.start();
      schedules.start();
      tidying = tidy().catch(onError);
    },
    async close() {
      closing.abort();
      await schedules.close();
      await benchmarks.close();
      await tidying;
    },
  };
}

/** One line for what has one reason: a service that was down for a week may have missed a hundred times. */
function tellPassedOver(log: Log, runs: readonly ScheduleRun[]): void {
  for (const [reason, alike] of Map.groupBy(runs, ({ passedOver }) => passedOver)) {
    const last = alike.at(-1);
    if (last === undefined) continue;
    const { schedule, dueAt, detail } = last;
    const times = alike.length === 1 ? {} : { times: alike.length };
    const facts = { schedule, reason, dueAt: toTimestamp(dueAt), ...times, ...(detail === null ? {} : { detail }) };
    log.warn({ event: 'schedule passed over', ...facts });
  }
}

type Needs = {
  readonly legs: readonly string[];
  readonly registries: readonly string[];
  readonly payloads: readonly number[];
};

function isNeededBy(plans: readonly Needs[]): (payload: KeptPayload) => boolean {
  return ({ registry, payloadBytes }) =>
    plans.some(
      ({ legs, registries, payloads }) =>
        legs.includes('download') && registries.includes(registry) && payloads.includes(payloadBytes),
    );
}
