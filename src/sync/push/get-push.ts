import { Failure } from '../../kernel/failure.ts';
import type { PushStore, PushWithTransfers } from './push-store.ts';

/** Throws `push_unknown`. */
export async function getPush(store: Pick<PushStore, 'findPush'>, id: string): Promise<PushWithTransfers> {
  const found = await store.findPush(id);
  if (found === undefined) throw new Failure('push_unknown', `there is no push ${id.slice(0, 100)}`);
  return found;
}
