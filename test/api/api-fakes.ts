import type { ApiServices } from '../../src/api/api-services.ts';
import type { ChoiceRecord, EffectiveChoice } from '../../src/choice/choice-record.ts';
import type { Choices, ChooseRequest } from '../../src/choice/choices.ts';
import type { Resolution, ResolveRequest, Resolves } from '../../src/choice/resolution.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import { type Clock, systemClock } from '../../src/kernel/clock.ts';
import { Failure } from '../../src/kernel/failure.ts';
import { comparePatterns, matchesPattern } from '../../src/kernel/pattern.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { parseImageReference, parseRelease } from '../../src/oci/reference.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import type { World } from '../../src/regions/world.ts';
import type { ImageCatalogue } from '../../src/sync/push/image-catalogue.ts';
import type { PlacementRecord, PushRecord, ReleaseRecord } from '../../src/sync/push/push-record.ts';
import type { LivePush, LiveTransfer, NewPush, Pushes } from '../../src/sync/push/pushes.ts';
import { silentLog } from '../../src/telemetry/log.ts';

export const AT = Date.UTC(2026, 2, 1, 8, 15, 30, 250);
export const DIGEST = digestOf(Buffer.from('release'));

export const world: World = {
  registries: [
    registry('aliyun-beijing', 'home', 'cn-beijing'),
    registry('singapore', 'relay', 'ap-southeast-1'),
    registry('korea', 'relay', 'ap-northeast-2'),
  ],
  sources: [],
  sites: [
    { name: 'beijing', service: true },
    { name: 'us-east', service: false },
  ],
  clusters: [
    { name: 'cn-prod', site: 'beijing', pulls: 'home' },
    { name: 'us-east-prod', site: 'us-east', pulls: 'choice' },
  ],
  choices: [{ pattern: '*', registry: 'singapore' }],
  limits: {
    depotBytes: 1e9,
    transfersPerRegistry: 4,
    blobsPerRegistry: 8,
    chunkBytes: 8e6,
    deadlineMs: 6 * 3.6e6,
    stallMs: 3e4,
    archiveBytes: 1e6,
  },
  backfill: { releases: 20, usedWithinMs: 1 },
  distribute: [],
  standby: [],
  failover: { afterMs: 1, backMs: 1 },
};

function registry(name: string, role: 'home' | 'relay', region: string): World['registries'][number] {
  return {
    name,
    role,
    region,
    kind: 'oci',
    url: `https://${name}.example`,
    credentials: { kind: 'basic', username: 'robot', password: { from: 'env', name: 'HIDDEN' } },
    internal: false,
    prefix: '',
    names: 'nested',
    attestations: 'keep',
    enabled: true,
    addresses: {},
    costPerGb: null,
  };
}

export function livePush(change: Partial<PushRecord> = {}, legs: readonly Partial<LiveTransfer>[] = [{}]): LivePush {
  const push: PushRecord = {
    id: 'push_1',
    ...parseRelease('team/app:1.2.3'),
    digest: DIGEST,
    source: { kind: 'registry', reference: 'harbor/team/app:1.2.3' },
    purpose: 'release',
    origin: null,
    state: 'running',
    unchanged: false,
    createdAt: AT,
    finishedAt: null,
    deadlineAt: AT + 3.6e6,
    priority: 'normal',
    platforms: [],
    referrers: true,
    labels: {},
    bytesTotal: 100,
    bytesLanded: 40,
    ...change,
  };
  return { push, transfers: legs.map((leg) => liveTransfer({ pushId: push.id, ...leg })) };
}

export function liveTransfer(change: Partial<LiveTransfer> = {}): LiveTransfer {
  return {
    pushId: 'push_1',
    registry: 'singapore',
    role: 'relay',
    state: 'running',
    digest: DIGEST,
    blobsTotal: 2,
    blobsDone: 1,
    bytesTotal: 100,
    bytesSent: 40,
    bytesSavedPresent: 0,
    bytesSavedMounted: 0,
    bytesResent: 0,
    attempts: 1,
    nextAttemptAt: null,
    placedAt: null,
    error: null,
    leaseOwner: null,
    leaseUntil: null,
    rate: 12.5,
    expectedAt: AT + 5_000,
    ...change,
  };
}

/** Pushes kept in a map; `requests` and `archives` are what was asked. */
export class FakePushes implements Pushes {
  readonly live = new Map<string, LivePush>();
  readonly requests: (NewPush & { source?: string })[] = [];
  readonly archives: Buffer[] = [];
  readonly listed: unknown[] = [];
  failure: unknown;
  wait: (id: string, timeoutMs: number, signal: AbortSignal) => Promise<LivePush | undefined> = async (id) =>
    this.live.get(id);

  async accept(request: NewPush & { source: string }): Promise<LivePush> {
    this.requests.push(request);
    if (this.failure !== undefined) throw this.failure;
    return livePush({ name: request.name, tag: request.tag, labels: request.labels ?? {} });
  }

  async acceptArchive(request: NewPush, archive: AsyncIterable<Uint8Array>): Promise<LivePush> {
    this.requests.push(request);
    const chunks: Uint8Array[] = [];
    for await (const chunk of archive) {
      chunks.push(chunk);
      if (this.failure !== undefined) throw this.failure;
    }
    this.archives.push(Buffer.concat(chunks));
    return livePush({ source: { kind: 'archive', reference: null } });
  }

  async find(id: string) {
    return this.live.get(id);
  }

  async list(...asked: unknown[]) {
    this.listed.push(asked);
    return { items: [...this.live.values()], next: 'more' };
  }

  waitUntilFinal(id: string, timeoutMs: number, signal: AbortSignal) {
    return this.wait(id, timeoutMs, signal);
  }

  async cancel(id: string): Promise<LivePush> {
    return this.#get(id);
  }

  async retry(id: string): Promise<LivePush> {
    const live = this.#get(id);
    if (live.push.state === 'running') throw new Failure('already_finished', 'nothing is left to do');
    return live;
  }

  #get(id: string): LivePush {
    const live = this.live.get(id);
    if (live === undefined) throw new Failure('push_unknown', `there is no push ${id}`);
    return live;
  }
}

/** Choices in a list, deciding as the contract says. */
export class FakeChoices implements Choices {
  readonly records: ChoiceRecord[] = [];

  effective(name: string): EffectiveChoice | undefined {
    const own = this.#newest(name);
    if (own !== undefined && own.registry !== null)
      return { registry: own.registry, revision: own.revision, source: 'image', subject: name, record: own };
    return this.listPatterns().find(({ subject }) => matchesPattern(subject, name));
  }

  findPattern(pattern: string) {
    return this.listPatterns().find(({ subject }) => subject === pattern);
  }

  listPatterns(): EffectiveChoice[] {
    const subjects = [
      ...new Set(this.records.map(({ subject }) => subject).filter((subject) => subject.includes('*'))),
    ];
    const stored = subjects.flatMap((subject): EffectiveChoice[] => {
      const record = this.#newest(subject);
      return record === undefined || record.registry === null
        ? []
        : [{ registry: record.registry, revision: record.revision, source: 'pattern', subject, record }];
    });
    const rest = stored.some(({ subject }) => subject === '*')
      ? []
      : world.choices.map(
          ({ pattern, registry }): EffectiveChoice => ({
            registry,
            revision: 0,
            source: 'configuration',
            subject: pattern,
            record: null,
          }),
        );
    return [...stored, ...rest].sort((a, b) => comparePatterns(a.subject, b.subject));
  }

  async choose(request: ChooseRequest): Promise<EffectiveChoice> {
    if (!world.registries.some(({ name }) => name === request.registry))
      throw new Failure('registry_unknown', `there is no registry ${request.registry}`);
    this.#append(request, request.registry, request.evidence);
    const effective = request.subject.includes('*')
      ? this.findPattern(request.subject)
      : this.effective(request.subject);
    if (effective === undefined) throw new Error('a choice just made is in force');
    return effective;
  }

  async unchoose(request: Omit<ChooseRequest, 'registry' | 'evidence'>) {
    this.#append(request, null, null);
    return request.subject.includes('*') ? this.findPattern(request.subject) : this.effective(request.subject);
  }

  async history(subject: string, { limit }: { limit: number }) {
    return {
      items: this.records
        .filter((record) => record.subject === subject)
        .reverse()
        .slice(0, limit),
      next: null,
    };
  }

  async backfillOf() {
    return { total: 3, placed: 2, failed: 0 };
  }

  #newest(subject: string): ChoiceRecord | undefined {
    return this.records.findLast((record) => record.subject === subject);
  }

  #append(request: Omit<ChooseRequest, 'registry' | 'evidence'>, registry: string | null, evidence: unknown): void {
    const { subject, who, reason, expectedRevision } = request;
    const before = this.#newest(subject);
    const revision = before?.revision ?? 0;
    if (expectedRevision !== undefined && expectedRevision !== revision)
      throw new Failure('revision_conflict', `the newest revision is ${revision}`);
    this.records.push({
      subject,
      revision: revision + 1,
      registry,
      who,
      at: AT,
      reason,
      evidence,
      previous: before?.registry ?? null,
    });
  }
}

export const release: ReleaseRecord = {
  ...parseRelease('team/app:1.2.3'),
  digest: DIGEST,
  pushId: 'push_1',
  acceptedAt: AT,
};

/** One image, `team/app`, with one tag. */
export function fakeImages(): ImageCatalogue {
  const placement: PlacementRecord = {
    registry: 'singapore',
    name: release.name,
    sourceDigest: DIGEST,
    digest: DIGEST,
    rewritten: [],
    selection: '',
    placedAt: AT,
    verifiedAt: AT + 1,
  };
  const summary = { name: release.name, tags: 1, pushedAt: AT };
  const isKnown = (name: string) => name === release.name;
  return {
    listImages: async () => ({ items: [summary], next: null }),
    findImage: async (name) => (isKnown(name) ? summary : undefined),
    listReleases: async (name) => ({ items: isKnown(name) ? [release] : [], next: null }),
    releaseHistory: async (name, tag) => ({ items: isKnown(name) && tag === release.tag ? [release] : [], next: null }),
    placementsOf: async (_name, digests) =>
      digests.includes(DIGEST) ? [placement, { ...placement, registry: 'gone' }] : [],
    currentReleases: () => [release],
    currentPlacements: () => [placement],
  };
}

export class FakeResolver implements Resolves {
  readonly asked: ResolveRequest[] = [];
  wait: (timeoutMs: number, signal: AbortSignal) => Promise<void> = async () => {};

  resolve(request: ResolveRequest): Resolution {
    this.asked.push(request);
    const { name, tag } = parseImageReference(request.image);
    if (!world.clusters.some((cluster) => cluster.name === request.cluster))
      throw new Failure('cluster_unknown', `there is no cluster ${request.cluster}`);
    if (name === 'team/pending')
      throw new Failure('not_placed', 'placed nowhere yet', { extensions: { push: 'push_9' } });
    if (name !== 'team/app') throw new Failure('image_unknown', `there is no image ${name}`);
    return {
      reference: `singapore.example/team/app@${DIGEST}`,
      name: parseRepositoryName('team/app'),
      registry: 'singapore',
      region: 'ap-southeast-1',
      digest: DIGEST,
      sourceDigest: DIGEST,
      tag,
      state: 'chosen',
      reason: null,
      choice: { registry: 'singapore', revision: 2 },
      verifiedAt: AT,
      asOf: AT,
      push: null,
      alternatives: [{ reference: 'r', registry: 'korea', region: 'ap-northeast-2', verifiedAt: AT }],
    };
  }

  async resolveWaiting(request: ResolveRequest, timeoutMs: number, signal: AbortSignal): Promise<Resolution> {
    await this.wait(timeoutMs, signal);
    return this.resolve(request);
  }
}

/** Time that moves only when told to; a wait ends when its time has come. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #sleepers = new Set<{ at: number; wake: () => void }>();

  nowMs() {
    return AT + this.#now;
  }

  elapsedMs() {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { at: this.#now + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      });
    });
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const sleeper of [...this.#sleepers]) {
      if (sleeper.at > this.#now) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}

export type FakeServices = ApiServices & { pushes: FakePushes; choices: FakeChoices; resolver: FakeResolver };

export function fakeServices(change: Partial<ApiServices> = {}): FakeServices {
  return {
    pushes: new FakePushes(),
    images: fakeImages(),
    choices: new FakeChoices(),
    resolver: new FakeResolver(),
    world,
    events: new EventBus(),
    clock: systemClock,
    log: silentLog,
    health: {
      registries: () => new Map([['singapore', { healthy: false, reason: 'no answer', checkedAt: AT }]]),
      readiness: () => ({ ready: true, reasons: [] }),
    },
    depot: { usage: () => ({ limitBytes: 100, usedBytes: 50, landingBytes: 10, pinnedBytes: 20, blobs: 3 }) },
    version: '1.0.0',
    ...change,
  } as FakeServices;
}
