/** A push and its legs as the API writes them, with what a test wants different. */
export function examplePush(changes: Record<string, unknown> = {}): Record<string, unknown> & { id: string } {
  return {
    id: 'push_1',
    image: 'team/app:1.2.3',
    name: 'team/app',
    tag: '1.2.3',
    digest: `sha256:${'3f'.repeat(32)}`,
    source: { kind: 'registry', reference: 'harbor.bj/team/app:1.2.3' },
    state: 'running',
    unchanged: false,
    createdAt: '2026-03-01T08:00:00.000Z',
    finishedAt: null,
    bytesTotal: 150_000_000,
    bytesLanded: 80_000_000,
    labels: {},
    transfers: [exampleLeg({ registry: 'aliyun-beijing', role: 'home' }), exampleLeg()],
    links: { self: '/v1/pushes/push_1', events: '/v1/pushes/push_1/events' },
    ...changes,
  };
}

export function exampleLeg(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    registry: 'singapore',
    role: 'relay',
    state: 'running',
    digest: null,
    blobsTotal: 5,
    blobsDone: 2,
    bytesTotal: 150_000_000,
    bytesSent: 63_000_000,
    bytesSavedPresent: 0,
    bytesSavedMounted: 0,
    bytesResent: 0,
    blobsRestarted: 0,
    rate: 4_200_000,
    expectedAt: null,
    estimate: null,
    congestionControl: null,
    connectionsReplaced: { stalled: 0, slow: 0 },
    attempts: 1,
    nextAttemptAt: null,
    placedAt: null,
    error: null,
    ...changes,
  };
}

export function placedLeg(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return exampleLeg({
    state: 'placed',
    bytesSent: 150_000_000,
    rate: null,
    placedAt: '2026-03-01T08:00:34.200Z',
    ...changes,
  });
}

/** The same push, placed everywhere. */
export function placedPush(changes: Record<string, unknown> = {}): Record<string, unknown> & { id: string } {
  return examplePush({
    state: 'placed',
    finishedAt: '2026-03-01T08:00:34.200Z',
    bytesLanded: 150_000_000,
    transfers: [placedLeg({ registry: 'aliyun-beijing', role: 'home' }), placedLeg()],
    ...changes,
  });
}
