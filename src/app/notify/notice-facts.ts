import type { NoticeFacts } from '../../notify/noticed-push.ts';
import type { Store } from '../../store/store.ts';

/** What notices tell of pushes and choices, from the store. */
export function noticeFacts({ pushes, choices }: Pick<Store, 'pushes' | 'choices'>): NoticeFacts {
  return {
    async findPush(id) {
      const found = await pushes.findPush(id);
      if (found === undefined) return undefined;
      const { purpose, ...push } = found.push;
      return { ...push, isRelease: purpose === 'release', legs: found.transfers };
    },
    async findChoice(subject, revision) {
      const { items } = await choices.choiceHistory(subject, { limit: 10 });
      return items.find((choice) => choice.revision === revision);
    },
  };
}
