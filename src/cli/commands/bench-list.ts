import { listItems } from '../api-calls.ts';
import { type BenchmarkAnswer, benchmarkSchema } from '../benchmark-calls.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { formatLocalTime } from '../instant-text.ts';
import type { Line } from '../line.ts';
import { listSchedules, type ScheduleAnswer } from '../schedule-calls.ts';
import { renderTable } from '../table.ts';
import type { Texts } from '../texts/texts.ts';

const LIMIT = 20;

export async function runBenchList({ texts, json, out, err, openClient }: CliContext): Promise<number> {
  const list = { path: '/v1/benchmarks', query: [], limit: LIMIT };
  const client = await openClient();
  const items = await listItems(client, benchmarkSchema, list);
  const schedules = await listSchedules(client);
  if (json) {
    out.printJson({ items, next: null, schedules });
    return EXIT_STATUS.done;
  }
  if (items.length === 0) err.print(texts.bench.none);
  else out.print(...renderBenchmarks(items, texts));
  if (schedules.length > 0) out.print('', ...renderSchedules(schedules, texts));
  return EXIT_STATUS.done;
}

function renderBenchmarks(items: readonly BenchmarkAnswer[], { bench: { columns } }: Texts): Line[] {
  const right = (title: string) => ({ title, align: 'right' as const });
  const titles = [
    { title: columns.benchmark },
    { title: columns.state },
    right(columns.rounds),
    right(columns.samples),
    { title: columns.started },
    { title: columns.schedule },
  ];
  return renderTable(
    titles,
    items.map(({ id, state, rounds, roundsDone, samples, createdAt, schedule }) => [
      id,
      state,
      `${roundsDone}/${rounds}`,
      String(samples),
      formatLocalTime(createdAt),
      schedule ?? '-',
    ]),
  );
}

/** When each comes and what it measures, when it is due next, and what became of its last time. */
function renderSchedules(items: readonly ScheduleAnswer[], { bench: { columns, schedules } }: Texts): Line[] {
  const titles = [columns.schedule, schedules.when, schedules.measures, schedules.next, schedules.last].map(
    (title) => ({ title }),
  );
  return renderTable(
    titles,
    items.map(({ name, cron, timeZone, rounds, legs, sites, nextAt, runs: [last] }) => [
      name,
      [cron ?? '-', timeZone].filter((part) => part !== null).join(' '),
      schedules.plan(rounds, legs, sites),
      nextAt === null ? '-' : formatLocalTime(nextAt),
      last === undefined
        ? '-'
        : `${formatLocalTime(last.dueAt)} ${last.benchmark ?? schedules.passedOver(last.passedOver, last.detail)}`,
    ]),
  );
}
