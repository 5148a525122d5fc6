import type { RepositoryName } from '../../oci/repository-name.ts';
import { answerJson, type RegistryAnswer, refuse } from './registry-answer.ts';
import type { RegistryCall } from './registry-settings.ts';

/** `GET /v2/NAME/tags/list?n=&last=`, in ASCII order. Source: distribution-spec 1.1, "Listing Tags"; RFC 8288 for `Link`. */
export async function listTags(call: RegistryCall, repository: RepositoryName): Promise<RegistryAnswer> {
  const asked = call.query.get('n');
  if (asked !== null && !/^\d{1,9}$/.test(asked))
    return refuse('PAGINATION_NUMBER_INVALID', `n is "${asked.slice(0, 40)}", which is not a number of tags`);
  const all = await call.settings.storage.listTags(repository);
  if (all === undefined) return refuse('NAME_UNKNOWN', `the repository ${repository} does not exist`);
  const last = call.query.get('last');
  const rest = last === null ? all : all.filter((tag) => tag > last);
  const limit = asked === null ? rest.length : Number(asked);
  const tags = rest.slice(0, limit);
  const lastGiven = tags.at(-1);
  const link: Record<string, string> =
    lastGiven === undefined || tags.length === rest.length
      ? {}
      : { link: `</v2/${repository}/tags/list?n=${limit}&last=${encodeURIComponent(lastGiven)}>; rel="next"` };
  return answerJson(200, { name: repository, tags }, link);
}
