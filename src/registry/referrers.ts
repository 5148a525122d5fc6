import { Failure } from '../kernel/failure.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import { referrersTag } from '../oci/referrers-tag.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { isHtml } from './answer-content.ts';
import { readRefusal, toAnswerFailure, unexpectedAnswer } from './answer-failure.ts';
import { isReferrersUnsupported } from './deviations.ts';
import { getManifest } from './manifests.ts';
import { readPages } from './pages.ts';
import type { RequestOptions } from './registry-client.ts';
import { pullScope } from './scope.ts';
import { type Ask, type Sender, toAttempt } from './sender.ts';

/** As many referrers of one digest are read; a signed and attested image has a handful. */
const MAX_REFERRERS = 10_000;

export type Referrers = { readonly referrers: readonly Descriptor[]; readonly by: 'api' | 'tag' };
type Page = { readonly descriptors: readonly Descriptor[] };

/** Source: distribution-spec 1.1, "Listing Referrers", "Unavailable Referrers API". */
export async function listReferrers(
  sender: Sender,
  repository: RepositoryName,
  digest: Digest,
  options: RequestOptions & { artifactType?: string } = {},
): Promise<Referrers> {
  const { artifactType, ...rest } = options;
  const byApi = await listByApi(sender, repository, digest, artifactType, rest);
  if (byApi !== undefined) return { referrers: byApi, by: 'api' };
  const index = await getManifest(sender, repository, referrersTag(digest), rest);
  const descriptors = index?.kind === 'index' ? index.manifests : [];
  return { referrers: filterByType(descriptors, artifactType), by: 'tag' };
}

async function listByApi(
  sender: Sender,
  repository: RepositoryName,
  digest: Digest,
  artifactType: string | undefined,
  options: RequestOptions,
): Promise<readonly Descriptor[] | undefined> {
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
  const toAsk = (url: string): Ask => ({
    step: 'referrer list',
    method: 'GET',
    url,
    scopes: [pullScope(repository)],
    headers: { accept: OCI_INDEX },
    ...options,
  });
  let supported = true;
  const pages = readPages(
    sender,
    `${sender.origin}/v2/${repository}/referrers/${digest}${query}`,
    async (url) => {
      const response = await sender.send(toAsk(url));
      if (response.status === 200) return response;
      const refusal = await readRefusal(response);
      supported = !isReferrersUnsupported(refusal);
      if (supported) throw toAnswerFailure(refusal, toAttempt(toAsk(url)), sender.clock.nowMs());
      return undefined;
    },
    async (response): Promise<Page> => {
      if (isHtml(response)) {
        response.body.destroy();
        throw unexpectedAnswer(response, toAttempt(toAsk(response.url)), 'with a web page, not an index');
      }
      const index = parseManifest(await response.bytes(MAX_MANIFEST_BYTES), OCI_INDEX);
      const all = index.kind === 'index' ? index.manifests : [];
      const filtered = (response.headers['oci-filters-applied'] ?? '')
        .split(',')
        .some((name) => name.trim() === 'artifactType');
      return { descriptors: filtered ? all : filterByType(all, artifactType) };
    },
  );
  const found: Descriptor[] = [];
  for await (const page of pages) {
    found.push(...page.descriptors);
    if (found.length > MAX_REFERRERS)
      throw new Failure('remote_unexpected', `referrer list: ${digest} has more than ${MAX_REFERRERS} referrers`);
  }
  return supported ? found : undefined;
}

function filterByType(descriptors: readonly Descriptor[], artifactType: string | undefined): readonly Descriptor[] {
  return artifactType === undefined
    ? descriptors
    : descriptors.filter((descriptor) => descriptor.artifactType === artifactType);
}
