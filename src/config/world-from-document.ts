import { parseDuration } from '../kernel/duration.ts';
import { Failure } from '../kernel/failure.ts';
import type { Bandwidth } from '../regions/bandwidth.ts';
import type { CredentialsEntry, Endpoint, RegistryEntry, RepositorySettings, World } from '../regions/world.ts';
import type { ConfigDocument } from './document-schema.ts';
import { findEcrRegion } from './ecr-host.ts';
import { isLoopbackHost } from './listen-address.ts';
import { toNotifySettings } from './notify-from-document.ts';
import { toOidcIssuers } from './oidc-from-document.ts';
import { normaliseOrigin } from './origin-url.ts';
import { findFilePath, findSecretReference } from './secret-reference.ts';
import { toTlsFiles } from './tls-from-document.ts';
import { toBytes } from './to-bytes.ts';

type RegistryDocument = ConfigDocument['registries'][string];
type EndpointDocument = ConfigDocument['sources'][string];
type CredentialsDocument = NonNullable<EndpointDocument['credentials']>;

/** A checked document as the world that everyone reads; `folder` is where relative `file:` paths start. */
export function toWorld(document: ConfigDocument, folder: string): World {
  const { limits, backfill, failover, measuring, recommendation, retention, access, tls } = document;
  return {
    registries: Object.entries(document.registries).map(([name, entry]) => toRegistry(name, entry, folder)),
    sources: Object.entries(document.sources).map(([key, entry]) => ({
      key,
      ...toEndpoint(entry, { kind: 'none' }, folder),
    })),
    sites: Object.entries(document.sites).map(([name, { service }]) => ({ name, service })),
    clusters: Object.entries(document.clusters).map(([name, { site, pulls }]) => ({ name, site, pulls })),
    choices: Object.entries(document.choices).map(([pattern, registry]) => ({ pattern, registry })),
    limits: {
      depotBytes: toBytes(limits.depotBytes),
      transfersPerRegistry: limits.transfersPerRegistry,
      blobsPerRegistry: limits.blobsPerRegistry,
      connectionsPerSource: limits.connectionsPerSource,
      chunkBytes: toBytes(limits.chunkBytes ?? '8MiB'),
      longPathChunkBytes: toBytes(limits.chunkBytes ?? '16MiB'),
      deadlineMs: parseDuration(limits.deadline),
      stallMs: parseDuration(limits.stall),
      leastStallMs: Math.min(parseDuration(limits.leastStall), parseDuration(limits.stall)),
      archiveBytes: toBytes(limits.archiveBytes),
    },
    backfill: { releases: backfill.releases, usedWithinMs: parseDuration(backfill.usedWithin) },
    distribute: Object.entries(document.distribute).map(([pattern, { tags, except }]) => ({ pattern, tags, except })),
    standby: Object.entries(document.standby).map(([pattern, registries]) => ({ pattern, registries })),
    failover: { afterMs: parseDuration(failover.after), backMs: parseDuration(failover.back) },
    measuring: {
      bytesPerDay: toBytes(measuring.bytesPerDay),
      bytesPerDayAndRegistry: toBytes(measuring.bytesPerDayAndRegistry),
      quietHours: measuring.quietHours,
      schedules: Object.entries(measuring.schedules).map(
        ([name, { timeZone, payloads, registries, sites, flows, ...schedule }]) => ({
          ...schedule,
          ...(registries === undefined ? {} : { registries }),
          ...(sites === undefined ? {} : { sites }),
          ...(flows === undefined ? {} : { flows }),
          name,
          timeZone: timeZone ?? recommendation.timeZone,
          payloads: payloads.map(toBytes),
        }),
      ),
    },
    recommendation: {
      referenceBytes: toBytes(recommendation.referenceImage),
      windowMs: parseDuration(recommendation.window),
      minimum: recommendation.minimum,
      timeZone: recommendation.timeZone,
      success: recommendation.success,
      deadlineMs: parseDuration(recommendation.deadline),
      coolDownMs: parseDuration(recommendation.coolDown),
      follow: Object.entries(recommendation.follow).map(([pattern, site]) => ({ pattern, site })),
    },
    retention: {
      uploadsMs: parseDuration(retention.uploads),
      sessionsMs: parseDuration(retention.sessions),
      pushesMs: parseDuration(retention.pushes),
      samplesMs: parseDuration(retention.samples),
      measurementsMs: parseDuration(retention.measurements),
      hoursMs: parseDuration(retention.hours),
      noticesMs: parseDuration(retention.notices),
      usesMs: parseDuration(retention.uses),
    },
    access: {
      anonymous: access.anonymous,
      metrics: access.metrics,
      limits: access.limits,
      proxies: access.proxies,
      oidc: toOidcIssuers(access.oidc, folder),
      auditMs: parseDuration(access.audit),
    },
    notify: toNotifySettings(document.notify, folder),
    log: document.log,
    ...(tls === undefined ? {} : { tls: toTlsFiles(tls, folder) }),
  };
}

function toRegistry(name: string, entry: RegistryDocument, folder: string): RegistryEntry {
  const region = entry.region ?? findEcrRegion(entry.url);
  if (region === undefined)
    throw new Failure('internal', `the configuration of registry ${name} passed its checks without a region`);
  return {
    ...toEndpoint(entry, entry.kind === 'ecr' ? { kind: 'aws' } : { kind: 'none' }, folder),
    name,
    kind: entry.kind,
    role: entry.role,
    region,
    prefix: entry.prefix,
    names: entry.names,
    attestations: entry.attestations,
    enabled: entry.enabled,
    addresses: Object.fromEntries(Object.entries(entry.addresses).map(([site, url]) => [site, normaliseOrigin(url)])),
    costPerGb: entry.costPerGb ?? null,
    ...(entry.bandwidth === undefined ? {} : { bandwidth: toBandwidth(entry.bandwidth) }),
    ...(entry.pullCredentials === undefined ? {} : { pullCredentials: toCredentials(entry.pullCredentials, folder) }),
    ...(entry.repository === undefined ? {} : { repository: toRepositorySettings(entry.repository, folder) }),
    ...(entry.blobMounting === undefined ? {} : { blobMounting: entry.blobMounting }),
    ...(entry.rates === undefined ? {} : { rates: entry.rates }),
  };
}

function toBandwidth({ bytesPerSecond, hours }: NonNullable<RegistryDocument['bandwidth']>): Bandwidth {
  return {
    bytesPerSecond: bytesPerSecond === undefined ? null : toBytes(bytesPerSecond),
    hours: hours.map((each) => ({ ...each, bytesPerSecond: toBytes(each.bytesPerSecond) })),
  };
}

function toEndpoint(entry: EndpointDocument, withoutCredentials: CredentialsEntry, folder: string): Endpoint {
  const ca = entry.ca === undefined ? undefined : findFilePath(entry.ca, folder);
  return {
    url: normaliseOrigin(entry.url),
    credentials: entry.credentials === undefined ? withoutCredentials : toCredentials(entry.credentials, folder),
    ...(ca === undefined ? {} : { ca }),
    internal: entry.internal ?? isLocalHost(new URL(entry.url).hostname),
  };
}

function toCredentials(entry: CredentialsDocument, folder: string): CredentialsEntry {
  const path = entry.dockerConfig === undefined ? undefined : findFilePath(entry.dockerConfig, folder);
  if (path !== undefined) return { kind: 'docker', path };
  const password = entry.password === undefined ? undefined : findSecretReference(entry.password, folder);
  if (entry.username !== undefined && password !== undefined) {
    return { kind: 'basic', username: findSecretReference(entry.username, folder) ?? entry.username, password };
  }
  if (entry.aliyun !== undefined) return { kind: 'aliyun', ...withNormalEndpoint(entry.aliyun) };
  return { kind: 'aws', ...(typeof entry.aws === 'object' ? withNormalEndpoint(entry.aws) : {}) };
}

function withNormalEndpoint<T extends { endpoint?: string | undefined }>(cloud: T): T {
  return cloud.endpoint === undefined ? cloud : { ...cloud, endpoint: normaliseOrigin(cloud.endpoint) };
}

function toRepositorySettings(
  { lifecyclePolicy, ...settings }: NonNullable<RegistryDocument['repository']>,
  folder: string,
): RepositorySettings {
  const path = lifecyclePolicy === undefined ? undefined : findFilePath(lifecyclePolicy, folder);
  return { ...settings, ...(path === undefined ? {} : { lifecyclePolicy: path }) };
}

/** A registry on this machine or link sends its clients to addresses of the same sort; any other must not. */
function isLocalHost(host: string): boolean {
  return isLoopbackHost(host) || /^169\.254\./.test(host) || /^\[fe[89ab]/.test(host);
}
