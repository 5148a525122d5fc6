import { type Clock, systemClock } from '../kernel/clock.ts';
import type { HttpClient } from '../net/http-client.ts';
import type { Endpoint } from '../regions/world.ts';
import { openAuthenticator, type TokenOutcome } from './authenticator.ts';
import { findBlobOffer } from './blob-offer.ts';
import { deleteBlob, headBlob, openBlob } from './blobs.ts';
import type { CredentialsProvider } from './credentials.ts';
import { openFallbackReferrers } from './fallback-referrers.ts';
import { deleteManifest, getManifest, headManifest, putManifest } from './manifests.ts';
import { ping } from './ping.ts';
import { listReferrers } from './referrers.ts';
import type { RegistryClient } from './registry-client.ts';
import { openSender } from './sender.ts';
import { listTags } from './tags.ts';
import { trustLeads } from './trusted-leads.ts';
import { cancelUpload, finishUpload, getUpload, sendChunk, startUpload } from './uploads.ts';
import { openWarnings } from './warnings.ts';

export type RegistryClientOptions = {
  readonly endpoint: Pick<Endpoint, 'url' | 'internal'>;
  /** Closed with the client. */
  readonly http: HttpClient;
  readonly credentials: CredentialsProvider;
  readonly clock?: Clock;
  /** Gets each different `Warning` of the registry once. */
  readonly onWarning?: (text: string) => void;
  readonly userAgent?: string;
  /** Told how each request for a token ended. */
  readonly onToken?: (outcome: TokenOutcome) => void;
};

/** The protocol client of one registry: http → authentication and redirects → one function an operation. */
export function openRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { http, credentials } = options;
  const clock = options.clock ?? systemClock;
  const userAgent = options.userAgent ?? 'entrepot';
  const leads = trustLeads(options.endpoint);
  const authenticator = openAuthenticator({
    http,
    leads,
    credentials,
    clock,
    userAgent,
    ...(options.onToken === undefined ? {} : { onToken: options.onToken }),
  });
  const onWarningHeader = openWarnings(options.onWarning);
  const sender = openSender({ http, leads, authenticator, clock, userAgent, onWarningHeader });
  return {
    url: leads.origin,
    ping: (request) => ping(sender, request),
    headManifest: (repository, reference, request) => headManifest(sender, repository, reference, request),
    getManifest: (repository, reference, request) => getManifest(sender, repository, reference, request),
    putManifest: (repository, reference, manifest, request) =>
      putManifest(sender, repository, reference, manifest, request),
    deleteManifest: (repository, reference, request) => deleteManifest(sender, repository, reference, request),
    headBlob: (repository, digest, request) => headBlob(sender, repository, digest, request),
    openBlob: (repository, digest, request) => openBlob(sender, repository, digest, request),
    findBlobOffer: (repository, digest, request) => findBlobOffer(sender, repository, digest, request),
    deleteBlob: (repository, digest, request) => deleteBlob(sender, repository, digest, request),
    startUpload: (repository, request) => startUpload(sender, repository, request),
    sendChunk: (session, chunk, request) => sendChunk(sender, session, chunk, request),
    finishUpload: (session, digest, last, request) => finishUpload(sender, session, digest, last, request),
    getUpload: (session, request) => getUpload(sender, session, request),
    cancelUpload: (session, request) => cancelUpload(sender, session, request),
    listTags: (repository, request) => listTags(sender, repository, request),
    listReferrers: (repository, digest, request) => listReferrers(sender, repository, digest, request),
    addFallbackReferrer: openFallbackReferrers(sender),
    close: () => http.close(),
  };
}
