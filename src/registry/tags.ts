import type { RepositoryName } from '../oci/repository-name.ts';
import { isTag, type Tag } from '../oci/tag.ts';
import { parseJson } from './answer-content.ts';
import { unexpectedAnswer } from './answer-failure.ts';
import { readPages } from './pages.ts';
import type { RequestOptions } from './registry-client.ts';
import { pullScope } from './scope.ts';
import { type Ask, type Sender, toAttempt } from './sender.ts';

/** The largest page that ECR gives; others take any number. */
const PAGE_TAGS = 1_000;
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

/** All tags; none where the repository does not exist. Source: distribution-spec 1.1, "Listing Tags". */
export async function* listTags(
  sender: Sender,
  repository: RepositoryName,
  options: RequestOptions = {},
): AsyncGenerator<Tag> {
  const toAsk = (url: string): Ask => ({
    step: 'tag list',
    method: 'GET',
    url,
    scopes: [pullScope(repository)],
    ...options,
  });
  const first = `${sender.origin}/v2/${repository}/tags/list?n=${PAGE_TAGS}`;
  const pages = readPages(
    sender,
    first,
    async (url) => {
      const response = await sender.sendFor(toAsk(url), 200, 404);
      if (response.status === 200) return response;
      await response.discard();
      return undefined;
    },
    async (response) => {
      const document = parseJson(await response.bytes(MAX_PAGE_BYTES));
      const tags = typeof document === 'object' && document !== null && 'tags' in document ? document.tags : undefined;
      // Registries written in Go answer null for an empty list.
      if (tags === null) return [];
      if (!Array.isArray(tags))
        throw unexpectedAnswer(response, toAttempt(toAsk(response.url)), 'not with a list of tags');
      return tags.filter((tag): tag is Tag => typeof tag === 'string' && isTag(tag));
    },
  );
  for await (const page of pages) yield* page;
}
