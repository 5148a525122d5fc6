import type { Permission } from '../../../src/access/permissions.ts';

/** A call of each operation, with what it is about: the image `team/app`, the cluster `us-east-prod`, the site `us-east`. */
export type SampleCall = {
  readonly permission: Permission;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly image?: true;
  readonly cluster?: true;
  readonly site?: true;
  /** A list that leaves out what is not the caller's. */
  readonly filtered?: true;
};

const NAME = 'team%2Fapp';
const PATTERN = 'team%2Fapp*';
const choice = { registry: 'singapore' };

/** By operation id; `PUSH` in a path is a push of the image. */
export const SAMPLE_CALLS: Readonly<Record<string, SampleCall>> = {
  createPush: {
    permission: 'push.create',
    method: 'POST',
    path: '/v1/pushes',
    body: { image: 'team/app:1', source: 'harbor.bj/team/app:1' },
    image: true,
  },
  listPushes: { permission: 'push.read', method: 'GET', path: '/v1/pushes', filtered: true },
  getPush: { permission: 'push.read', method: 'GET', path: '/v1/pushes/PUSH', image: true },
  watchPush: { permission: 'push.read', method: 'GET', path: '/v1/pushes/PUSH/events', image: true },
  cancelPush: { permission: 'push.steer', method: 'POST', path: '/v1/pushes/PUSH/cancel', image: true },
  retryPush: { permission: 'push.steer', method: 'POST', path: '/v1/pushes/PUSH/retry', image: true },
  listImages: { permission: 'image.read', method: 'GET', path: '/v1/images', filtered: true },
  getImage: { permission: 'image.read', method: 'GET', path: `/v1/images/${NAME}`, image: true },
  getImageTag: { permission: 'image.read', method: 'GET', path: `/v1/images/${NAME}/tags/1`, image: true },
  getImageChoice: { permission: 'choice.read', method: 'GET', path: `/v1/images/${NAME}/choice`, image: true },
  listImageChoices: {
    permission: 'choice.read',
    method: 'GET',
    path: `/v1/images/${NAME}/choice/history`,
    image: true,
  },
  chooseForImage: {
    permission: 'choice.write',
    method: 'PUT',
    path: `/v1/images/${NAME}/choice`,
    body: choice,
    image: true,
  },
  returnImageToDefault: {
    permission: 'choice.write',
    method: 'DELETE',
    path: `/v1/images/${NAME}/choice`,
    image: true,
  },
  listPatternChoices: { permission: 'choice.read', method: 'GET', path: '/v1/choices', filtered: true },
  getPatternChoice: { permission: 'choice.read', method: 'GET', path: `/v1/choices/${PATTERN}`, image: true },
  chooseForPattern: {
    permission: 'choice.write',
    method: 'PUT',
    path: `/v1/choices/${PATTERN}`,
    body: choice,
    image: true,
  },
  returnPatternToDefault: {
    permission: 'choice.write',
    method: 'DELETE',
    path: `/v1/choices/${PATTERN}`,
    image: true,
  },
  resolve: {
    permission: 'resolve',
    method: 'GET',
    path: '/v1/resolve?image=team/app:1&cluster=us-east-prod&wait=0s',
    image: true,
    cluster: true,
  },
  resolveMany: {
    permission: 'resolve',
    method: 'POST',
    path: '/v1/resolve',
    body: { images: ['team/app:1', 'not an image'], cluster: 'us-east-prod' },
    image: true,
    cluster: true,
  },
  getSnapshot: { permission: 'snapshot.read', method: 'GET', path: '/v1/snapshot?site=us-east', site: true },
  reportUses: {
    permission: 'agent.work',
    method: 'POST',
    path: '/v1/agents/agent-us/uses',
    body: { site: 'us-east', uses: [] },
    site: true,
  },
  takeWork: {
    permission: 'agent.work',
    method: 'POST',
    path: '/v1/agents/agent-us/work',
    body: { site: 'us-east' },
    site: true,
  },
  reportSamples: {
    permission: 'agent.work',
    method: 'POST',
    path: '/v1/agents/agent-us/samples',
    body: { site: 'us-east', samples: [{}] },
    site: true,
  },
  getRecommendation: { permission: 'benchmark.read', method: 'GET', path: '/v1/recommendation' },
  getBenchmarkReport: { permission: 'benchmark.read', method: 'GET', path: '/v1/benchmarks/all/report' },
  createBenchmark: {
    permission: 'benchmark.run',
    method: 'POST',
    path: '/v1/benchmarks',
    // Nothing is measured: there is no such registry.
    body: { rounds: 1, registries: ['none'] },
  },
  listBenchmarks: { permission: 'benchmark.read', method: 'GET', path: '/v1/benchmarks' },
  listSchedules: { permission: 'benchmark.read', method: 'GET', path: '/v1/schedules' },
  getBenchmark: { permission: 'benchmark.read', method: 'GET', path: '/v1/benchmarks/none' },
  listSamples: { permission: 'benchmark.read', method: 'GET', path: '/v1/benchmarks/none/samples' },
  stopBenchmark: { permission: 'benchmark.run', method: 'POST', path: '/v1/benchmarks/none/stop' },
  resumeBenchmark: { permission: 'benchmark.run', method: 'POST', path: '/v1/benchmarks/none/resume' },
  listRegistries: { permission: 'world.read', method: 'GET', path: '/v1/registries' },
  listClusters: { permission: 'world.read', method: 'GET', path: '/v1/clusters' },
  getDepot: { permission: 'world.read', method: 'GET', path: '/v1/depot' },
  // Nothing is tried: there is no such registry.
  examineRegistries: { permission: 'world.examine', method: 'POST', path: '/v1/doctor', body: { registry: 'none' } },
  getPullCredentials: {
    permission: 'credentials.mint',
    method: 'GET',
    path: '/v1/clusters/us-east-prod/pull-credentials',
    cluster: true,
  },
  getMetrics: { permission: 'metrics.read', method: 'GET', path: '/metrics' },
  createToken: { permission: 'token.manage', method: 'POST', path: '/v1/tokens', body: { name: 'x', role: 'ci' } },
  listTokens: { permission: 'token.manage', method: 'GET', path: '/v1/tokens' },
  listSubscriptions: { permission: 'notification.read', method: 'GET', path: '/v1/notifications' },
  subscribe: {
    permission: 'notification.write',
    method: 'POST',
    path: '/v1/notifications',
    body: { receiver: 'none' },
  },
  unsubscribe: { permission: 'notification.write', method: 'DELETE', path: '/v1/notifications/none' },
  listDeliveries: { permission: 'notification.read', method: 'GET', path: '/v1/notifications/deliveries' },
  testReceiver: {
    permission: 'notification.write',
    method: 'POST',
    path: '/v1/notifications/test',
    body: { receiver: 'none' },
  },
  listAudit: { permission: 'audit.read', method: 'GET', path: '/v1/audit' },
  revokeToken: { permission: 'token.manage', method: 'DELETE', path: '/v1/tokens/none' },
};

/** What asks nobody for a token. */
export const OPEN_CALLS = ['/healthz', '/readyz', '/openapi.json', '/docs'];

const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** The same of the OCI door, as a client spells it for the cluster, and as one that names none. */
export const DOOR_CALLS: Readonly<Record<string, SampleCall>> = {
  'read a manifest': { permission: 'door.pull', method: 'GET', path: '/v2/team/app/manifests/1', image: true },
  'read a blob': { permission: 'door.pull', method: 'HEAD', path: `/v2/team/app/blobs/${EMPTY}`, image: true },
  'list tags': { permission: 'door.pull', method: 'GET', path: '/v2/team/app/tags/list', image: true },
  'list referrers': { permission: 'door.pull', method: 'GET', path: `/v2/team/app/referrers/${EMPTY}`, image: true },
  'read a manifest by the name of a cluster': {
    permission: 'door.pull',
    method: 'GET',
    path: '/v2/cluster.us-east-prod/team/app/manifests/1',
    image: true,
    cluster: true,
  },
  'read a manifest by the namespace of a cluster': {
    permission: 'door.pull',
    method: 'GET',
    path: '/v2/team/app/manifests/1?ns=us-east-prod',
    image: true,
    cluster: true,
  },
  'begin an upload': { permission: 'door.push', method: 'POST', path: '/v2/team/app/blobs/uploads/', image: true },
  'put a manifest': { permission: 'door.push', method: 'PUT', path: '/v2/team/app/manifests/9', body: {}, image: true },
  'delete a manifest': { permission: 'door.delete', method: 'DELETE', path: '/v2/team/app/manifests/9', image: true },
  'delete a blob': { permission: 'door.delete', method: 'DELETE', path: `/v2/team/app/blobs/${EMPTY}`, image: true },
};
