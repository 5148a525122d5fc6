import type { LogLevel } from '../kernel/log-level.ts';
import type { NotifySettings } from './notify-settings.ts';

/**
 * The configured world as plain values: which registries, sources, sites and clusters there are. Made by `config/`
 * from the file, read by everyone above. Secrets appear only as references; whoever needs one resolves it at use.
 */

import type { Bandwidth } from './bandwidth.ts';

/** Where a secret is: an environment variable, or a file (its first line is used, trimmed). */
export type SecretReference = { readonly from: 'env' | 'file'; readonly name: string };

/**
 * How to authenticate to a registry; `none` is anonymous, `aws` the AWS default chain, `aliyun` a temporary token of
 * Alibaba Cloud, `docker` a docker config.json. `endpoint` is where the cloud's API is, when not at its usual place.
 */
export type CredentialsEntry =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: SecretReference | string; readonly password: SecretReference }
  | { readonly kind: 'docker'; readonly path: string }
  | { readonly kind: 'aws'; readonly profile?: string; readonly roleArn?: string; readonly endpoint?: string }
  | { readonly kind: 'aliyun'; readonly instanceId?: string; readonly roleArn?: string; readonly endpoint?: string };

/** One address that speaks the distribution protocol, with what is needed to trust it and be trusted by it. */
export type Endpoint = {
  /** Origin, `https://host[:port]`, without a trailing slash; `http:` only when it is written so. */
  readonly url: string;
  readonly credentials: CredentialsEntry;
  /** Path of a PEM file with the CA that signs this endpoint's certificate. */
  readonly ca?: string;
  /** May redirects and token realms of this endpoint lead to loopback or link-local addresses? */
  readonly internal: boolean;
  /** Its host comes of what a caller wrote, by a pattern: then it may not lead there itself either, unless `internal`. */
  readonly matched?: true;
};

export type RegistryKind = 'oci' | 'ecr' | 'acr';
export type RegistryRole = 'home' | 'relay';

/** How a repository of ECR is made when it is missing. */
export type RepositorySettings = {
  readonly immutableTags: boolean;
  readonly scanOnPush: boolean;
  /** A KMS key, by id, alias or ARN; `aws` is the account's own for ECR. Without it ECR encrypts with AES-256. */
  readonly kmsKey?: string;
  /** Path of a JSON file. */
  readonly lifecyclePolicy?: string;
  readonly tags: Readonly<Record<string, string>>;
};

export type RegistryEntry = Endpoint & {
  readonly name: string;
  readonly kind: RegistryKind;
  readonly role: RegistryRole;
  readonly region: string;
  /** Put before each image's name at this registry, `web3d` → `web3d/team/app`; empty for none. */
  readonly prefix: string;
  /** `flat` writes `team/app` as `team-app`, for registries with one level of names. */
  readonly names: 'nested' | 'flat';
  readonly attestations: 'keep' | 'drop';
  readonly enabled: boolean;
  /** Other sites' address of this registry, origin by site name; resolve answers the one of the cluster's site. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly costPerGb: number | null;
  /** The most that blobs may move to and from it. */
  readonly bandwidth?: Bandwidth;
  /** The identity whose passwords clusters are given: one that may only pull. */
  readonly pullCredentials?: CredentialsEntry;
  /** How missing repositories are made (ECR). */
  readonly repository?: RepositorySettings;
  /** Requests a second that the account may do, by ECR's name of the action, where they differ from the usual ones. */
  readonly rates?: Readonly<Record<string, number>>;
  /** Is blob mounting on in the account? Only then is a mount asked for (ECR). */
  readonly blobMounting?: boolean;
};

/** `key` is what a push's source begins with; with a `*` it is a pattern, and so is the host in its `url`. */
export type SourceEntry = Endpoint & {
  readonly key: string;
  /** Where a pattern made it of what a caller wrote: that pattern, its key in the configuration. */
  readonly pattern?: string;
};

export type SiteEntry = { readonly name: string; readonly service: boolean };

export type ClusterEntry = { readonly name: string; readonly site: string; readonly pulls: 'home' | 'choice' };

export type DistributeRule = {
  readonly pattern: string;
  readonly tags: readonly string[];
  readonly except: readonly string[];
};

export type Limits = {
  readonly depotBytes: number;
  /** Transfers of one registry that run at once. */
  readonly transfersPerRegistry: number;
  /** Connections that move blobs to one registry at once, over all its transfers. */
  readonly blobsPerRegistry: number;
  /** Connections that read blobs at once over a long path. */
  readonly connectionsPerSource: number;
  /** Bytes per chunk of an upload: what an interruption costs at most. */
  readonly chunkBytes: number;
  /** The same on a long path, where the round trip between two chunks is time in which nothing moves. */
  readonly longPathChunkBytes: number;
  /** How long a push may take before its legs fail, milliseconds. */
  readonly deadlineMs: number;
  /** No byte for this long and the connection is replaced, milliseconds; sooner where the path is livelier. */
  readonly stallMs: number;
  readonly leastStallMs: number;
  /** Largest archive that is taken in one request. */
  readonly archiveBytes: number;
};

/** What measuring may move at most within any 24 hours, to all registries and to each. */
export type MeasuringBudget = { readonly bytesPerDay: number; readonly bytesPerDayAndRegistry: number };

export type MeasuringSettings = MeasuringBudget & {
  /** Hours of the day, 0 to 23 in the recommendation's time zone, in which no sample is begun. */
  readonly quietHours: readonly number[];
  readonly schedules: readonly MeasuringSchedule[];
};

/** A benchmark that begins by itself. */
export type MeasuringSchedule = {
  readonly name: string;
  /** Five fields. */
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly rounds: number;
  readonly legs: readonly ('upload' | 'download')[];
  /** Whose agents take the downloads; left out: every site with clusters that the service is not at. */
  readonly sites?: readonly string[];
  /** Left out: every enabled relay. */
  readonly registries?: readonly string[];
  readonly payloads: readonly number[];
  /** After the rounds, once for each registry, one connection is compared with eight. */
  readonly flows?: boolean;
};

/** How measurements become a recommendation. */
export type RecommendationSettings = {
  readonly referenceBytes: number;
  readonly windowMs: number;
  /** What each registry must have been measured before anything is recommended more than provisionally. */
  readonly minimum: { readonly samples: number; readonly days: number; readonly hoursOfDay: number };
  /** IANA name. */
  readonly timeZone: string;
  /** From 0.5 to 0.999. */
  readonly success: number;
  readonly deadlineMs: number;
  readonly coolDownMs: number;
  /** Patterns whose choice follows the recommendation of a site by itself. */
  readonly follow: readonly { readonly pattern: string; readonly site: string }[];
};

/** How much each caller may ask for before it has to wait. */
export type AccessLimits = {
  readonly requestsPerSecond: number;
  readonly resolvesPerSecond: number;
  /** At the OCI door. */
  readonly doorRequestsPerSecond: number;
  /** From one address, with tokens that do not hold. */
  readonly failedLoginsPerMinute: number;
};

/** One way into a role for the tokens of an identity provider. `{claim}` in a text stands for what the token says. */
export type OidcRule = {
  /** Each claim, by its path, and what it may be: all must fit. */
  readonly when: readonly { readonly claim: string; readonly patterns: readonly string[] }[];
  readonly role: 'ci' | 'ops' | 'cluster' | 'agent' | 'admin';
  readonly images?: readonly string[];
  readonly cluster?: string;
  readonly site?: string;
};

/** An identity provider whose tokens are taken (OpenID Connect). */
export type OidcIssuer = {
  readonly name: string;
  /** As in the claim `iss`, to the letter. */
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Where its keys are, as a JWK set. */
  readonly keys:
    | { readonly from: 'discovery' }
    | { readonly from: 'url'; readonly url: string }
    | { readonly from: 'file'; readonly path: string };
  /** Path of a PEM file with the CA that signs its certificate. */
  readonly ca?: string;
  /** May it lead to loopback or link-local addresses? */
  readonly internal: boolean;
  readonly clockSkewMs: number;
  /** The first that fits counts. */
  readonly rules: readonly OidcRule[];
};

/** Who is let in, beside those with a token and how much of it. */
export type AccessSettings = {
  /** `read`: callers without a token may read what everybody may see. */
  readonly anonymous: 'none' | 'read';
  /** `open`: the metrics are read without a token. */
  readonly metrics: 'token' | 'open';
  readonly limits: AccessLimits;
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. */
  readonly proxies: readonly string[];
  readonly oidc: readonly OidcIssuer[];
  /** How long the audit log is kept, milliseconds. */
  readonly auditMs: number;
};

/** With what the service listens: paths of PEM files. */
export type TlsFiles = {
  readonly certificate: string;
  readonly key: string;
  /** The authority whose client certificates are believed. */
  readonly clientCa?: string;
  /** Path of the revocation lists of that authority. */
  readonly revoked?: string;
  /** Who a client certificate stands for, by what it says of its holder; the first that fits counts. */
  readonly clients?: readonly OidcRule[];
};

/** How long is kept what is no longer needed, milliseconds. */
export type RetentionSettings = {
  /** Interrupted uploads that no push needs. */
  readonly uploadsMs: number;
  /** Uploads at the door to which nothing is added. */
  readonly sessionsMs: number;
  /** Legs of pushes that are over, and the service's own pushes. */
  readonly pushesMs: number;
  /** Samples with everything that was seen, their figures one by one, and by the hour. */
  readonly samplesMs: number;
  readonly measurementsMs: number;
  readonly hoursMs: number;
  readonly noticesMs: number;
  /** Which cluster used which release. */
  readonly usesMs: number;
};

export type World = {
  /** In the order of the file, which is also the last resort's order of resolve. */
  readonly registries: readonly RegistryEntry[];
  readonly sources: readonly SourceEntry[];
  readonly sites: readonly SiteEntry[];
  readonly clusters: readonly ClusterEntry[];
  /** Default registry by pattern, from the file; what operators choose is in the store and wins. */
  readonly choices: readonly { readonly pattern: string; readonly registry: string }[];
  readonly limits: Limits;
  /** Which releases a new choice carries over: the newest of each image, and those resolved lately. */
  readonly backfill: { readonly releases: number; readonly usedWithinMs: number };
  readonly distribute: readonly DistributeRule[];
  /** Relays that receive every release of a pattern too, and come first when the chosen one lacks it. */
  readonly standby: readonly { readonly pattern: string; readonly registries: readonly string[] }[];
  readonly failover: { readonly afterMs: number; readonly backMs: number };
  readonly measuring: MeasuringSettings;
  readonly recommendation: RecommendationSettings;
  readonly retention: RetentionSettings;
  readonly access: AccessSettings;
  readonly notify: NotifySettings;
  readonly tls?: TlsFiles;
  readonly log: { readonly level: LogLevel };
};
