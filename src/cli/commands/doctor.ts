import { loadDoctor } from '../app-contract.ts';
import type { CliContext } from '../cli-context.ts';
import type { DoctorCheck } from '../doctor-report.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { renderTable } from '../table.ts';

export type DoctorOptions = { readonly config?: string };

const DEFAULT_CONFIG = 'config/regions.yaml';
const TONES = { ok: 'good', warning: 'waiting', failed: 'bad', skipped: 'faint' } as const;

/** Looks at the configured registries from here: a table, and below it what to do about each thing that is wrong. */
export async function runDoctorCommand(
  context: CliContext,
  registry: string | undefined,
  options: DoctorOptions,
): Promise<number> {
  const { environment, texts, json, out } = context;
  const doctor = await loadDoctor(texts);
  const config = options.config ?? environment.configPath ?? DEFAULT_CONFIG;
  const report = await doctor({ config, ...(registry === undefined ? {} : { registry }) });
  const todo = (check: DoctorCheck): string | null =>
    check.state === 'failed' || check.state === 'warning' ? texts.doctor.todo[check.check] : null;
  const status = report.ok ? EXIT_STATUS.done : EXIT_STATUS.failed;
  const withTodo = (checks: readonly DoctorCheck[]) => checks.map((check) => ({ ...check, todo: todo(check) }));
  if (json) {
    const registries = report.registries.map((each) => ({ ...each, checks: withTodo(each.checks) }));
    out.printJson({ ok: report.ok, config, service: withTodo(report.service), registries });
    return status;
  }
  const { columns } = texts.doctor;
  const printChecks = (header: string, checks: readonly DoctorCheck[]): void => {
    const rows = checks.map((check) => [
      check.check,
      { text: texts.doctor.states[check.state], tone: TONES[check.state] },
      check.detail,
    ]);
    out.print(header);
    out.print(...renderTable([{ title: columns.check }, { title: columns.state }, { title: columns.detail }], rows));
    for (const check of checks) {
      const advice = todo(check);
      if (advice !== null) out.print(texts.doctor.advice(check.check, advice));
    }
    out.print('');
  };
  out.print(texts.doctor.reads(config), '');
  if (report.service.length > 0) printChecks(texts.doctor.service, report.service);
  for (const { registry: name, kind, url, checks } of report.registries)
    printChecks(texts.doctor.header(name, kind, url), checks);
  out.print(texts.doctor.verdict(report.ok));
  return status;
}
