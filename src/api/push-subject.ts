import type { Subject } from '../access/allowance.ts';
import type { Pushes } from '../sync/push/pushes.ts';
import { pushUnknown } from './push-unknown.ts';

/** What a call about one push is about: its image. Throws `push_unknown`. */
export async function subjectOfPush(pushes: Pick<Pushes, 'find'>, id: string): Promise<Subject> {
  const live = await pushes.find(id);
  if (live === undefined) throw pushUnknown(id);
  return { images: [live.push.name] };
}
