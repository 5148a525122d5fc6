import { randomUUID } from 'node:crypto';
import type { ApiServices } from '../api/api-services.ts';
import { openApi } from '../api/open-api.ts';
import { RequestIds } from '../api/request-ids.ts';
import { resolveShortcut } from '../api/resolve-shortcut.ts';
import { openChoices } from '../choice/open-choices.ts';
import { openResolver } from '../choice/open-resolver.ts';
import type { PlacementCheck } from '../choice/placement-check.ts';
import { PushActivity } from '../choice/push-activity.ts';
import { ReleaseIndex } from '../choice/release-index.ts';
import { UseRecorder } from '../choice/use-recorder.ts';
import { readSecret } from '../config/read-secret.ts';
import { EventBus } from '../events/event-bus.ts';
import { systemClock } from '../kernel/clock.ts';
import { toFailure } from '../kernel/failure.ts';
import type { SecretReference } from '../regions/world.ts';
import { openStore } from '../store/store.ts';
import { StripeBudget } from '../sync/copy/stripe-budget.ts';
import { openPushes } from '../sync/push/open-pushes.ts';
import { PlacementKeeper } from '../sync/push/placement-keeper.ts';
import { isDistributed } from '../sync/push/push-targets.ts';
import type { SyncContext } from '../sync/push/sync-context.ts';
import { UploadSweeper } from '../sync/push/upload-sweeper.ts';
import { doorAudit } from './access/door-audit.ts';
import { openAccess } from './access/open-access.ts';
import { AdviceKeeper } from './advice/advice-keeper.ts';
import { AdviceThread } from './advice/advice-thread.ts';
import { openAdvice } from './advice/open-advice.ts';
import { openChoiceBackfill } from './choice-backfill.ts';
import { countedResolver } from './counted-resolver.ts';
import { countedSamples } from './counted-samples.ts';
import { depotUsage } from './depot-usage.ts';
import { serviceDoctor } from './doctor/service-doctor.ts';
import { findNewestSize } from './newest-size.ts';
import { openNotifications } from './notify/open-notifications.ts';
import { openBlobs } from './open-blobs.ts';
import { openMeasuring } from './open-measuring.ts';
import { openMetrics } from './open-metrics.ts';
import { openPathHistories } from './path-histories.ts';
import { openProduction } from './production-watch.ts';
import { openDepotHolder } from './pull/depot-holder.ts';
import { openDoors } from './pull/open-doors.ts';
import { releaseView } from './pull/release-view.ts';
import { serviceView } from './pull/service-view.ts';
import { openPullCredentials } from './pull-credentials.ts';
import { pushSummaries } from './push-summaries.ts';
import { openDirectory } from './registry-directory.ts';
import { healthSource, RegistryHealthWatch } from './registry-health.ts';
import { releaseSource } from './release-source.ts';
import { restoreDisplaced } from './restore-displaced.ts';
import { Janitor } from './retention/janitor.ts';
import type { Service, ServiceOptions } from './service-options.ts';
import { SnapshotKeeper } from './snapshot/snapshot-keeper.ts';
import { openSnapshotKey } from './snapshot/snapshot-key.ts';
import { PLAIN_HTTP } from './tls/service-tls.ts';
import { openUseSink } from './use-sink.ts';

/** A choice waits so long for a look at what its registry holds; with one that is silent it moves all the same. */
const LOOK_BEFORE_CHOICE_MS = 10_000;

/** Builds the service: the one place where its parts meet. */
export async function openService(options: ServiceOptions): Promise<Service> {
  const { world, folder, log, clock = systemClock, tls = PLAIN_HTTP } = options;
  const events = new EventBus((error, event) =>
    log.error({ event: 'listener failed', of: event.type, error: toFailure(error).message }),
  );
  const onError = (error: unknown) => log.error({ event: 'background work failed', error: toFailure(error).message });
  const closing = new AbortController();
  const store = await openStore({ folder, clock, whole: options.whole });
  const { adminToken } = options.environment;
  const onAgent = (site: string) => notifications.heardOf(site);
  const access = await openAccess({
    onAgent,
    peers: tls.peers,
    folder,
    store,
    world,
    adminToken,
    events,
    clock,
    log,
    onError,
  });
  const { depot, doorFolder, archivePins, openHash, knownCodes } = await openBlobs({
    ...{ folder, store, clock, log, limitBytes: world.limits.depotBytes, durable: options.durableDepot ?? true },
    onArrived: (name, blob) => pushes.beginEarly(name, blob),
    growth: () => pushes.growth,
  });
  const readOwnSecret = (reference: SecretReference) => readSecret(reference, options.environment);
  const onToken = (name: string, outcome: string) => metrics.tokenAsked(name, outcome);
  const sampled = { ...store, benchmarks: countedSamples(store.benchmarks, (sample) => metrics.sampleTaken(sample)) };
  const production = openProduction({ world, store: sampled, clock, onError });
  const directory = openDirectory({
    ...{ world, readSecret: readOwnSecret, clock, log, onToken, onConnected: production.connected },
  });

  const index = new ReleaseIndex({ source: releaseSource(store), events, onError });
  const activity = new PushActivity({ source: pushSummaries(store.pushes), events, onError });
  const backfill = openChoiceBackfill({ pushes: () => pushes, store: store.pushes, closing: closing.signal });
  const mayCross = (release: Parameters<typeof isDistributed>[1]) => isDistributed(world, release);
  const checkPlaced: PlacementCheck = (registry, releases) => keeper.lookNow(registry, releases, LOOK_BEFORE_CHOICE_MS);
  const choices = await openChoices({
    world,
    store: store.choices,
    events,
    clock,
    backfill,
    index,
    checkPlaced,
    mayCross,
    onError,
  });
  const uses = new UseRecorder({ store: store.choices, clock, onError });
  const resolver = openResolver({
    world,
    index,
    choices,
    pushes: activity,
    uses,
    events,
    clock,
    recommendation: (site) => adviceKeeper.ranked(site),
  });
  const key = openSnapshotKey(folder);
  const snapshots = new SnapshotKeeper({ world, tokens: access.tokens, index, resolver, events, clock, key });
  const depotHolder = openDepotHolder({ depot, index, doorOrigin: (name) => doorFolder.origin(name) });
  const adviceThread = new AdviceThread(folder);
  const sizeOf = (image: Parameters<typeof findNewestSize>[1]) => findNewestSize(store, image);
  const isBenchmark = async (id: string) => (await store.benchmarks.find(id)) !== undefined;
  const advice = openAdvice({ world, thread: adviceThread, choices, sizeOf, isBenchmark, clock });
  const { environment, idleProbeMs } = options;
  const measuring = openMeasuring({ world, store: sampled, environment, directory, clock, log, idleProbeMs, onError });
  const adviceKeeper = new AdviceKeeper({
    ...{ world, advice, measurements: store.measurements, choices, events, clock, log, onError },
    onAdvice: (site, found) => metrics.measured(site, found.ranked),
  });
  const context: SyncContext = {
    world,
    store: store.pushes,
    journal: store.journal,
    depot,
    directory,
    locations: store.locations,
    stripes: new StripeBudget(world.limits.connectionsPerSource),
    histories: openPathHistories({ store, clock, onError }),
    events,
    clock,
    imageNames: () => index.imageNames(),
    doorOrigin: (name) => doorFolder.origin(name),
    onReplaced: (registry, replaced) => metrics.connectionReplaced(registry, replaced),
    onHeadStart: (registry, crossed) => metrics.headStartEnded(registry, crossed),
    chosenRelay: (name) => choices.effective(name)?.registry,
    log,
    owner: randomUUID(),
  };
  const pushes = openPushes(context, archivePins);
  const ids = new RequestIds();
  const doors = openDoors({
    access: access.door,
    changed: doorAudit(access.audit, access.door, ids),
    viewOf: (cluster) => serviceView(cluster, { resolver, index, directory, depotHolder }),
    releases: releaseView({ world, index, directory, depotHolder }),
    folder: doorFolder,
    ...{ world, index, openHash, knownCodes, pushes, log, clock, ids },
  });
  const keeper = new PlacementKeeper({ context, repair: (lost) => pushes.repair(lost) });
  const onPruned = (kind: string, records: number) => metrics.pruned(kind, records);
  const janitor = new Janitor({ world, store: store.retention, sessions: doorFolder, clock, log, onPruned });
  const sweeper = new UploadSweeper({ context, isInUse: measuring.isOwnUpload });
  const health = new RegistryHealthWatch({ world, directory, events, clock });
  const { droppedLogLines, version } = options;
  const { metrics, stop: stopMetrics } = openMetrics({
    ...{ store, depot, health, events, clock, tls, droppedLogLines, version, onError, desk: measuring.desk },
  });
  const notifications = await openNotifications({
    ...{ world, store, events, readSecret: readOwnSecret, clock, log, onError },
    onAttempt: (receiver, outcome) => metrics.noticeTried(receiver, outcome),
    certificate: tls.certificate,
  });
  const stopProduction = production.listen(events);
  let isReady = false;
  let resuming: Promise<void> = Promise.resolve();
  const beside: Promise<void>[] = [];
  const services: ApiServices = {
    gatekeeper: access.gatekeeper,
    tokens: access.tokens,
    audit: access.audit,
    notifier: notifications.notifier,
    notices: store.notices,
    pushes,
    images: store.images,
    choices,
    resolver: countedResolver(resolver, metrics),
    metrics,
    snapshots,
    uses: openUseSink({ uses, index, clock }),
    advice,
    benchmarks: measuring.benchmarks,
    desk: measuring.desk,
    schedules: measuring.schedules,
    world,
    events,
    clock,
    log,
    health: healthSource(health, () => isReady),
    doctor: serviceDoctor(world, readOwnSecret),
    pullCredentials: openPullCredentials({ world, readSecret: readOwnSecret, clock }),
    depot: { usage: () => depotUsage(depot, store) },
    version,
  };
  // Read through beside all of the above; nobody is answered before it is known to be whole.
  await store.whole;
  const resolve = resolveShortcut({
    gatekeeper: access.gatekeeper,
    resolver: countedResolver(resolver, metrics, { countsFailures: false }),
    ids,
    log,
    clock,
  });
  return {
    app: openApi(services, ids),
    shortcut: (incoming, outgoing) => doors.shortcut(incoming, outgoing) || resolve(incoming, outgoing),
    async start() {
      await activity.load();
      await pushes.start();
      isReady = true;
      beside.push(metrics.watchProcess().catch(onError));
      notifications.start();
      health.start();
      keeper.start();
      sweeper.start();
      janitor.start();
      adviceKeeper.start();
      await measuring.start();
      beside.push(restoreDisplaced({ ...{ index, store, pushes, world }, closing: closing.signal }).catch(onError));
      resuming = choices.resumeBackfills().catch(onError);
    },
    retire() {
      isReady = false;
      pushes.stopClaiming();
    },
    async close() {
      isReady = false;
      closing.abort();
      stopMetrics();
      health.stop();
      await resuming;
      await measuring.close();
      await Promise.all([adviceKeeper.stop(), adviceThread.close()]);
      await Promise.all([keeper.stop(), sweeper.stop(), janitor.stop()]);
      await doors.close();
      await pushes.stop();
      await production.close();
      stopProduction();
      for (const each of [snapshots, resolver, choices, activity, index]) each.close();
      await Promise.all(beside);
      await uses.close();
      await notifications.close();
      await access.close();
      await depot.close();
      knownCodes.close();
      await directory.close();
      await store.close();
    },
  };
}
