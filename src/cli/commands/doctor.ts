import { loadDoctor } from '../app-contract.ts';
import type { CliContext } from '../cli-context.ts';
import { askForExamination, type Examined } from '../doctor-calls.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { renderTable } from '../table.ts';

export type DoctorOptions = { readonly config?: string; readonly server?: boolean };

type Check = Examined['service'][number];

const DEFAULT_CONFIG = 'config/regions.yaml';
const TONES = { ok: 'good', warning: 'waiting', failed: 'bad', skipped: 'faint' } as const;

/**
 * Looks at the configured registries, from here or as the running service sees them: a table, and below it what to do
 * about each thing that is wrong.
 */
export async function runDoctorCommand(
  context: CliContext,
  registry: string | undefined,
  options: DoctorOptions,
): Promise<number> {
  const { texts, json, out } = context;
  const words = texts.doctor;
  const { report, from, reads } = await look(context, registry, options);
  const todo = ({ check, state }: Check): string | null =>
    state === 'failed' || state === 'warning' ? (findWord(words.todo, check) ?? null) : null;
  const withTodo = (checks: readonly Check[]) => checks.map((check) => ({ ...check, todo: todo(check) }));
  const status = report.ok ? EXIT_STATUS.done : EXIT_STATUS.failed;
  if (json) {
    const registries = report.registries.map((each) => ({ ...each, checks: withTodo(each.checks) }));
    out.printJson({ ok: report.ok, ...from, service: withTodo(report.service), registries });
    return status;
  }
  const { columns } = words;
  const printChecks = (header: string, checks: readonly Check[]): void => {
    const rows = checks.map(({ check, state, detail }) => [
      check,
      { text: findWord(words.states, state) ?? state, tone: findWord(TONES, state) ?? 'faint' },
      detail,
    ]);
    out.print(header);
    out.print(...renderTable([{ title: columns.check }, { title: columns.state }, { title: columns.detail }], rows));
    for (const check of checks) {
      const advice = todo(check);
      if (advice !== null) out.print(words.advice(check.check, advice));
    }
    out.print('');
  };
  out.print(reads, '');
  if (report.service.length > 0) printChecks(words.service, report.service);
  for (const { registry: name, kind, url, checks } of report.registries)
    printChecks(words.header(name, kind, url), checks);
  out.print(words.verdict(report.ok, options.server === true));
  return status;
}

/** `from`: whose eyes it was seen with, for programs. */
async function look(context: CliContext, registry: string | undefined, options: DoctorOptions) {
  const { environment, texts, service } = context;
  if (options.server === true) {
    const report: Examined = await askForExamination(await context.openClient(), registry);
    const from = { config: null, server: service.url };
    return { report, from, reads: texts.doctor.asks(service.url) };
  }
  const doctor = await loadDoctor(texts);
  const config = options.config ?? environment.configPath ?? DEFAULT_CONFIG;
  const report: Examined = await doctor({ config, ...(registry === undefined ? {} : { registry }) });
  return { report, from: { config, server: null }, reads: texts.doctor.reads(config) };
}

/** A newer service may know checks and states that this program does not. */
function findWord<T>(words: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(words, key) ? words[key] : undefined;
}
