import { type Command, Option } from 'commander';
import type { DoctorOptions } from './commands/doctor.ts';
import type { PullSecretOptions } from './commands/pull-secret.ts';
import type { RunCommand } from './program.ts';
import type { Texts } from './texts/texts.ts';

type About = { readonly summary: string; readonly description: string; readonly examples: readonly string[] };

/** The commands about registries and the ways into them. */
export function defineRegistryCommands(
  define: (usage: string, about: About) => Command,
  { help }: Texts,
  run: RunCommand,
): void {
  define('pull-secret', help.pullSecret)
    .requiredOption('--cluster <cluster>', help.pullSecret.cluster)
    .option('--name <name>', help.pullSecret.name, 'entrepot-pull')
    .option('--namespace <namespace>', help.pullSecret.namespace)
    .option('--file <file>', help.pullSecret.file)
    .option('--watch', help.pullSecret.watch)
    .action((options: PullSecretOptions) =>
      run(async (context) => (await import('./commands/pull-secret.ts')).runPullSecret(context, options)),
    );

  define('doctor', help.doctor)
    .argument('[registry]', help.doctor.registry)
    .addOption(new Option('--server', help.doctor.server).conflicts('config'))
    .option('--config <file>', help.serve.config)
    .action((registry: string | undefined, options: DoctorOptions) =>
      run(async (context) => (await import('./commands/doctor.ts')).runDoctorCommand(context, registry, options)),
    );
}
