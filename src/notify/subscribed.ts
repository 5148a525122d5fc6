import { matchesPattern } from '../kernel/pattern.ts';
import type { NoticeSubscription } from '../regions/notify-settings.ts';
import type { Occurrence } from './notice.ts';

/** Receivers that are told, each once. Whoever was told of a failure is told that it is over. */
export function findSubscribed(
  subscriptions: readonly NoticeSubscription[],
  { event, ends, name }: Pick<Occurrence, 'event' | 'ends' | 'name'>,
): string[] {
  const isWanted = ({ events, images }: NoticeSubscription) =>
    events.some((wanted) => wanted === '*' || wanted === event || wanted === ends) &&
    (name === null || images.some((pattern) => matchesPattern(pattern, name)));
  return [...new Set(subscriptions.filter(isWanted).map(({ receiver }) => receiver))];
}
