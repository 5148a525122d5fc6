import { CallLimits, DEFAULT_ACCESS_LIMITS } from '../../src/access/call-limits.ts';
import { Gatekeeper } from '../../src/access/gatekeeper.ts';
import { ALL_IMAGES, type Principal } from '../../src/access/principal.ts';
import type { ApiServices } from '../../src/api/api-services.ts';
import type { Resolution, ResolveRequest, Resolves } from '../../src/choice/resolution.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { Failure } from '../../src/kernel/failure.ts';
import { parseImageReference } from '../../src/oci/reference.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import type { ImageCatalogue } from '../../src/sync/push/image-catalogue.ts';
import type { PlacementRecord } from '../../src/sync/push/push-record.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { FakeChoices } from './fake-choices.ts';
import { FakePushes } from './fake-pushes.ts';
import { AT, DIGEST, release, world } from './samples.ts';

/** One image, `team/app`, with one tag. */
export function fakeImages(): ImageCatalogue {
  const placement: PlacementRecord = {
    registry: 'singapore',
    name: release.name,
    sourceDigest: DIGEST,
    platformSet: release.platformSet,
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
    imageNames: (after) => (after < release.name ? [release.name] : []),
    currentReleases: () => [release],
    currentPlacements: () => [placement],
  };
}

export const ADMIN: Principal = { name: 'admin', role: 'admin', images: ALL_IMAGES, via: 'admin-token' };

/** Lets in whoever shows one of the secrets, and everybody as the administrator where no secrets are given. */
export function letIn(callers?: Readonly<Record<string, Principal>>): Gatekeeper {
  const gatekeeper = new Gatekeeper({
    authenticator: {
      identify: async (secret) => callers?.[secret],
      identifyAtOnce: (secret) => callers?.[secret],
    },
    anonymous: () => 'none',
    limits: new CallLimits(DEFAULT_ACCESS_LIMITS, systemClock),
  });
  if (callers === undefined) Object.assign(gatekeeper, { admit: async () => ADMIN, admitAtOnce: () => ADMIN });
  return gatekeeper;
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

export type FakeServices = ApiServices & { pushes: FakePushes; choices: FakeChoices; resolver: FakeResolver };

export function fakeServices(change: Partial<ApiServices> = {}): FakeServices {
  return {
    gatekeeper: letIn(),
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
    doctor: { examine: async () => ({ ok: true, service: [], registries: [] }) },
    depot: { usage: () => ({ limitBytes: 100, usedBytes: 50, landingBytes: 10, pinnedBytes: 20, blobs: 3 }) },
    metrics: { render: async () => ({ text: 'entrepot_up 1\n', contentType: 'text/plain; version=0.0.4' }) },
    version: '1.0.0',
    ...change,
  } as FakeServices;
}
