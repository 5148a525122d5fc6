import type { ChoiceRecord } from './choice-record.ts';

/** How pushes name the choice that asked for them: `choice:team/app#3`. */
export function choiceOrigin(choice: Pick<ChoiceRecord, 'subject' | 'revision'>): string {
  return `choice:${choice.subject}#${choice.revision}`;
}
