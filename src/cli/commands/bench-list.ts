import { listItems } from '../api-calls.ts';
import { benchmarkSchema } from '../benchmark-calls.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { formatLocalTime } from '../instant-text.ts';
import { renderTable } from '../table.ts';

const LIMIT = 20;

export async function runBenchList({ texts, json, out, err, openClient }: CliContext): Promise<number> {
  const list = { path: '/v1/benchmarks', query: [], limit: LIMIT };
  const items = await listItems(await openClient(), benchmarkSchema, list);
  if (json) out.printJson({ items, next: null });
  else if (items.length === 0) err.print(texts.bench.none);
  else {
    const { columns } = texts.bench;
    const right = (title: string) => ({ title, align: 'right' as const });
    const titles = [
      { title: columns.benchmark },
      { title: columns.state },
      right(columns.rounds),
      right(columns.samples),
      { title: columns.started },
      { title: columns.schedule },
    ];
    out.print(
      ...renderTable(
        titles,
        items.map(({ id, state, rounds, roundsDone, samples, createdAt, schedule }) => [
          id,
          state,
          `${roundsDone}/${rounds}`,
          String(samples),
          formatLocalTime(createdAt),
          schedule ?? '-',
        ]),
      ),
    );
  }
  return EXIT_STATUS.done;
}
