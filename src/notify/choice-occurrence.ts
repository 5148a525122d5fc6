import { type Occurrence, QUIET } from './notice.ts';
import type { NoticedChoice } from './noticed-push.ts';
import { en } from './texts/en.ts';

export function ofChoice({ subject, revision, registry, who, reason }: NoticedChoice, at: number): Occurrence {
  const detail = registry === null ? en.details.withdrawn : en.details.chosen(who, reason);
  return {
    ...{ ...QUIET, image: subject, name: subject, registry, detail, at, once: `choice ${subject} ${revision}` },
    ...{ event: 'choice.changed', outcome: 'changed', stage: 'choice', mood: 'neutral' },
  };
}
