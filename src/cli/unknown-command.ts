import type { Command } from 'commander';
import { findSuggestion } from '../config/suggestion.ts';
import type { Texts } from './texts/texts.ts';

/** Ends with the mistake of a name that is no command below this one, and what is near it. */
export function refuseUnknownCommand(parent: Command, name: string, texts: Texts): never {
  const near = findSuggestion(
    name,
    parent.commands.map((each) => each.name()),
  );
  return parent.error(texts.usage.unknownCommand(name, near));
}
