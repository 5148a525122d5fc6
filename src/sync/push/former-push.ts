import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { PushRecord } from './push-record.ts';
import type { PushStore } from './push-store.ts';

/** The newest push that carried a digest: it tells a tag that meant it, where it came from and what of it was carried. */
export async function findFormerPush(
  store: Pick<PushStore, 'listPushes'>,
  name: RepositoryName,
  digest: Digest,
): Promise<PushRecord | undefined> {
  let cursor: string | undefined;
  do {
    const page = { limit: 500, ...(cursor === undefined ? {} : { cursor }) };
    const { items, next } = await store.listPushes({ image: name }, page);
    const former = items.find(({ push }) => push.digest === digest);
    if (former !== undefined) return former.push;
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return undefined;
}
