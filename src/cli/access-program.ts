import { type Command, Option } from 'commander';
import { ROLES } from '../access/principal.ts';
import { parseDuration } from '../kernel/duration.ts';
import type { AuditOptions } from './commands/audit.ts';
import type { TokenOptions } from './commands/token.ts';
import type { TokenCreateOptions } from './commands/token-create.ts';
import type { TokenListOptions } from './commands/token-list.ts';
import { checkedText, optionValue, optionValues } from './option-values.ts';
import type { RunCommand } from './program.ts';
import { parseLimit } from './push-options.ts';
import { accessHelp as help } from './texts/en-access.ts';
import type { Texts } from './texts/texts.ts';
import { refuseUnknownCommand } from './unknown-command.ts';

type About = { readonly summary: string; readonly description: string; readonly examples: readonly string[] };

/** `token`, the commands below it, and `audit`. */
export function defineAccessCommands(
  define: (usage: string, about: About) => Command,
  defineBelow: (parent: Command, usage: string, about: About) => Command,
  texts: Texts,
  run: RunCommand,
): void {
  const token = define('token', help.token)
    .option('--data <folder>', help.token.data)
    .option('--new', help.token.fresh)
    // Only a command below it may follow: one that is misspelt would count as an argument too many.
    .allowExcessArguments()
    .action((options: TokenOptions, { args: [unknown] }: Command) => {
      if (unknown !== undefined) refuseUnknownCommand(token, unknown, texts);
      return run(async (context) => (await import('./commands/token.ts')).runToken(context, options));
    });

  define('audit', help.audit)
    .option('--who <name>', help.audit.who)
    .option('--action <action>', help.audit.action)
    .option('--about <subject>', help.audit.about)
    .option('--outcome <outcome>', help.audit.outcome)
    .addOption(new Option('--since <duration>', help.audit.since).argParser(checkedText(parseDuration)))
    .option('--jsonl', help.audit.jsonl)
    .addOption(
      new Option('--limit <count>', help.audit.limit).argParser(optionValue((text) => parseLimit(text, texts))),
    )
    .action((options: AuditOptions) =>
      run(async (context) => (await import('./commands/audit.ts')).runAudit(context, options)),
    );

  defineBelow(token, 'create', help.tokenCreate)
    .argument('<name>', help.tokenCreate.name)
    .addOption(new Option('--role <role>', help.tokenCreate.role).choices(ROLES).makeOptionMandatory())
    .addOption(new Option('--image <pattern>', help.tokenCreate.image).argParser(optionValues(String)))
    .option('--cluster <cluster>', help.tokenCreate.cluster)
    .option('--site <site>', help.tokenCreate.site)
    .addOption(new Option('--expires <duration>', help.tokenCreate.expires).argParser(checkedText(parseDuration)))
    .action((name: string, options: TokenCreateOptions) =>
      run(async (context) => (await import('./commands/token-create.ts')).runTokenCreate(context, name, options)),
    );

  defineBelow(token, 'list', help.tokenList)
    .option('--all', help.tokenList.all)
    .action((options: TokenListOptions) =>
      run(async (context) => (await import('./commands/token-list.ts')).runTokenList(context, options)),
    );

  defineBelow(token, 'revoke', help.tokenRevoke)
    .argument('<token>', help.tokenRevoke.token)
    .action((given: string) =>
      run(async (context) => (await import('./commands/token-revoke.ts')).runTokenRevoke(context, given)),
    );
}
