import type { Command } from 'commander';
import type { Texts } from './texts/texts.ts';
import { refuseUnknownCommand } from './unknown-command.ts';

/**
 * `help [command...]` of a command that has others below it. Commander's own shows how everything is used when there is
 * no such command, and nothing below the first name.
 */
export function defineHelpCommand(parent: Command, texts: Texts): void {
  parent
    .command('help')
    .argument('[command...]')
    .description(texts.help.helpCommand)
    .helpOption(false)
    .action((names: readonly string[]) => {
      let about = parent;
      for (const name of names) {
        const below = about.commands.find((command) => command.name() === name);
        if (below === undefined && about.commands.length > 0) refuseUnknownCommand(about, name, texts);
        about = below ?? about;
      }
      about.help();
    });
}
