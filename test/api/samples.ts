import { DEFAULT_ACCESS_LIMITS } from '../../src/access/call-limits.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { ALL_PLATFORMS } from '../../src/oci/platform-set.ts';
import { parseRelease } from '../../src/oci/reference.ts';
import type { World } from '../../src/regions/world.ts';
import type { PushRecord, ReleaseRecord } from '../../src/sync/push/push-record.ts';
import type { LivePush, LiveTransfer } from '../../src/sync/push/pushes.ts';
import { KEEP_LONG } from '../support/keep-long.ts';

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
    connectionsPerSource: 16,
    chunkBytes: 8e6,
    longPathChunkBytes: 16e6,
    deadlineMs: 6 * 3.6e6,
    stallMs: 3e4,
    leastStallMs: 3e4,
    archiveBytes: 1e6,
  },
  backfill: { releases: 20, usedWithinMs: 1 },
  distribute: [],
  standby: [],
  failover: { afterMs: 1, backMs: 1 },
  measuring: { bytesPerDay: 1e9, bytesPerDayAndRegistry: 1e9, quietHours: [], schedules: [] },
  retention: KEEP_LONG,
  log: { level: 'info' },
  access: {
    anonymous: 'none',
    metrics: 'token',
    limits: DEFAULT_ACCESS_LIMITS,
    proxies: [],
    oidc: [],
    auditMs: 3_600_000,
  },
  notify: {
    publicUrl: null,
    smtp: null,
    receivers: [],
    subscriptions: [],
    remindMs: 3_600_000,
    deadlineMs: 3_600_000,
    agentLostAfterMs: 300_000,
  },
  recommendation: {
    referenceBytes: 150e6,
    windowMs: 7 * 24 * 3.6e6,
    minimum: { samples: 60, days: 3, hoursOfDay: 18 },
    timeZone: 'Asia/Shanghai',
    success: 0.9,
    deadlineMs: 30 * 6e4,
    coolDownMs: 72 * 3.6e6,
    follow: [],
  },
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
    requestId: null,
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
    blobsRestarted: 0,
    replacedStalled: 0,
    replacedSlow: 0,
    attempts: 1,
    nextAttemptAt: null,
    placedAt: null,
    error: null,
    congestionControl: null,
    prediction: null,
    run: null,
    leaseOwner: null,
    leaseUntil: null,
    rate: 12.5,
    expected: { basis: 'history', samples: 12, medianMs: 5_000, p90Ms: 9_000 },
    expectedAt: AT + 5_000,
    ...change,
  };
}

export const release: ReleaseRecord = {
  ...parseRelease('team/app:1.2.3'),
  digest: DIGEST,
  platformSet: ALL_PLATFORMS,
  pushId: 'push_1',
  acceptedAt: AT,
};
