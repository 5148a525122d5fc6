import { digestOf } from '../../src/oci/digest.ts';
import { ALL_PLATFORMS } from '../../src/oci/platform-set.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { parseTag } from '../../src/oci/tag.ts';
import type { PlacementRecord, PushRecord, TransferRecord } from '../../src/sync/push/push-record.ts';

/* Records with every field set to something plausible, for tests to change what they are about. */

export const APP = parseRepositoryName('team/app');
export const V1 = parseTag('v1');

export function sampleDigest(text: string) {
  return digestOf(Buffer.from(text));
}

export function samplePush(change: Partial<PushRecord> & { id: string }): PushRecord {
  return {
    name: APP,
    tag: V1,
    digest: null,
    source: { kind: 'registry', reference: 'harbor/team/app:v1' },
    purpose: 'release',
    origin: null,
    requestId: null,
    state: 'running',
    unchanged: false,
    createdAt: 1_000,
    finishedAt: null,
    deadlineAt: 100_000,
    priority: 'normal',
    platforms: [],
    referrers: true,
    labels: {},
    bytesTotal: null,
    bytesLanded: 0,
    ...change,
  };
}

export function sampleTransfer(pushId: string, change: Partial<TransferRecord> = {}): TransferRecord {
  return {
    pushId,
    registry: 'singapore',
    role: 'relay',
    state: 'queued',
    digest: null,
    attempts: 0,
    nextAttemptAt: null,
    placedAt: null,
    error: null,
    congestionControl: null,
    prediction: null,
    run: null,
    leaseOwner: null,
    leaseUntil: null,
    blobsTotal: 0,
    blobsDone: 0,
    bytesTotal: 0,
    bytesSent: 0,
    bytesSavedPresent: 0,
    bytesSavedMounted: 0,
    bytesResent: 0,
    blobsRestarted: 0,
    replacedStalled: 0,
    replacedSlow: 0,
    ...change,
  };
}

export function samplePlacement(change: Partial<PlacementRecord> = {}): PlacementRecord {
  return {
    registry: 'singapore',
    name: APP,
    sourceDigest: sampleDigest('source'),
    platformSet: ALL_PLATFORMS,
    digest: sampleDigest('source'),
    rewritten: [],
    selection: 'platforms=;referrers=yes;attestations=keep',
    placedAt: 2_000,
    verifiedAt: 2_000,
    ...change,
  };
}
