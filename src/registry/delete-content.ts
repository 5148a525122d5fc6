import type { RepositoryName } from '../oci/repository-name.ts';
import type { RequestOptions } from './registry-client.ts';
import { deleteScope } from './scope.ts';
import type { Ask, Sender } from './sender.ts';

/**
 * Deletes what is at a URL; false when there was nothing. Source: distribution-spec 1.1, "Content Management"; some
 * registries answer 200 or 204 in place of its 202.
 */
export async function deleteContent(
  sender: Sender,
  what: { readonly step: string; readonly url: string; readonly repository: RepositoryName },
  options: RequestOptions,
): Promise<boolean> {
  const { step, url, repository } = what;
  const ask: Ask = { step, method: 'DELETE', url, scopes: [deleteScope(repository)], ...options };
  const response = await sender.sendFor(ask, 202, 200, 204, 404);
  await response.discard();
  return response.status !== 404;
}
