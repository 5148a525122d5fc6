import { platformSetOf } from '../../oci/platform-set.ts';
import type { PlacementRecord, PushRecord } from './push-record.ts';
import type { PushStore } from './push-store.ts';

/** The newest push that carried these platforms of a digest: it tells a tag that meant it and where it came from. */
export async function findFormerPush(
  store: Pick<PushStore, 'listPushes'>,
  { name, sourceDigest, platformSet }: Pick<PlacementRecord, 'name' | 'sourceDigest' | 'platformSet'>,
): Promise<PushRecord | undefined> {
  const isFormer = ({ push }: { readonly push: PushRecord }) =>
    push.digest === sourceDigest && platformSetOf(push.platforms) === platformSet;
  let cursor: string | undefined;
  do {
    const page = { limit: 500, ...(cursor === undefined ? {} : { cursor }) };
    const { items, next } = await store.listPushes({ image: name }, page);
    const former = items.find(isFormer);
    if (former !== undefined) return former.push;
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return undefined;
}
