import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { readRefusal, toAnswerFailure } from './answer-failure.ts';
import type { BlobOffer, RequestOptions } from './registry-client.ts';
import { pullScope } from './scope.ts';
import { type Ask, type Sender, toAttempt } from './sender.ts';

/** Somebody waits for the blob's first byte, which others can give: a registry that hangs must not be waited for long. */
const OFFER_TIMEOUT_MS = 5_000;

/**
 * Where anybody may fetch a blob: at the registry itself where it answers without credentials, or at the storage that
 * it redirects to with an address that carries its own rights. One byte is asked for, so that a registry which gives
 * the blob itself gives no more of it. Source: distribution-spec 1.1, "Pulling blobs" (307 to another location).
 */
export async function findBlobOffer(
  sender: Sender,
  repository: RepositoryName,
  digest: Digest,
  options: RequestOptions = {},
): Promise<BlobOffer | undefined> {
  const ask: Ask = {
    step: 'blob read',
    method: 'GET',
    url: `${sender.origin}/v2/${repository}/blobs/${digest}`,
    scopes: [pullScope(repository)],
    headers: { 'accept-encoding': 'identity', range: 'bytes=0-0' },
    headersTimeoutMs: OFFER_TIMEOUT_MS,
    ...options,
  };
  const open = await look(sender, { ...ask, anonymous: true });
  if (open !== 'closed') return open;
  const known = await look(sender, ask);
  // What was given because of our credentials is not there for everybody.
  return known === 'closed' || known?.url === ask.url ? { url: null } : known;
}

async function look(sender: Sender, ask: Ask): Promise<BlobOffer | undefined | 'closed'> {
  const response = await sender.send(ask);
  const { status, headers } = response;
  if (ask.anonymous && (status === 401 || status === 403)) {
    await response.discard();
    return 'closed';
  }
  if (status === 404) {
    await response.discard();
    return undefined;
  }
  if (status === 200 || status === 206 || status === 416) {
    await response.discard();
    return { url: ask.url };
  }
  const isRedirect = status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
  if (!isRedirect || headers.location === undefined)
    throw toAnswerFailure(await readRefusal(response), toAttempt(ask), sender.clock.nowMs());
  await response.discard();
  const url = sender.leads.resolve(headers.location, ask.url);
  return { url: sender.leads.isEndpoint(url) ? null : url.href };
}
