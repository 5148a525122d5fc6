import { parseDuration } from '../../kernel/duration.ts';
import { listItems } from '../api-calls.ts';
import { auditEntrySchema } from '../audit-entry-schema.ts';
import type { CliContext } from '../cli-context.ts';
import type { CliOutput } from '../cli-io.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { formatLocalTime } from '../instant-text.ts';
import { renderTable } from '../table.ts';
import { enAccess as words } from '../texts/en-access.ts';
import { usageFailure } from '../usage-failure.ts';

export type AuditOptions = {
  readonly who?: string;
  readonly action?: string;
  readonly about?: string;
  readonly outcome?: string;
  readonly since?: string;
  readonly limit?: number;
  readonly jsonl?: boolean;
};

const PATH = '/v1/audit';
const DEFAULT_LIMIT = 50;

/** The newest entries as a table; with `--json` all that match as one list, with `--jsonl` as JSON lines. */
export async function runAudit(context: CliContext, options: AuditOptions): Promise<number> {
  const { io, json, out, err } = context;
  const { who, action, about, outcome, since, jsonl = false } = options;
  if (json && jsonl) throw usageFailure(words.audit.oneForm);
  const from = since === undefined ? undefined : new Date(io.clock.nowMs() - parseDuration(since)).toISOString();
  const query = Object.entries({ who, action, about, outcome, since: from }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const client = await context.openClient();
  if ((json || jsonl) && options.limit === undefined) {
    const answer = await client.open({ method: 'GET', path: PATH, query: [...query, ['format', 'jsonl']] });
    if (jsonl) for await (const text of decode(answer.body ?? [])) io.stdout.write(text);
    else await writeAsList(io.stdout, decode(answer.body ?? []));
    return EXIT_STATUS.done;
  }
  const limit = options.limit ?? DEFAULT_LIMIT;
  const items = await listItems(client, auditEntrySchema, { path: PATH, query, limit });
  if (json) out.printJson({ items, next: null });
  else if (jsonl) for (const item of items) out.printJson(item);
  else if (items.length === 0) err.print(words.audit.none);
  else {
    const { columns } = words.audit;
    const titles = [
      columns.at,
      columns.who,
      columns.action,
      columns.about,
      columns.outcome,
      columns.from,
      columns.detail,
    ];
    const rows = items.map((entry) => [
      formatLocalTime(entry.at),
      entry.who ?? '',
      entry.action,
      entry.about ?? '',
      entry.code === null ? entry.outcome : `${entry.outcome} (${entry.code})`,
      entry.address ?? '',
      words.audit.detail(entry.detail ?? {}, entry.count),
    ]);
    out.print(
      ...renderTable(
        titles.map((title) => ({ title })),
        rows,
      ),
    );
  }
  return EXIT_STATUS.done;
}

async function* decode(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  for await (const bytes of body) yield decoder.decode(bytes, { stream: true });
}

/** JSON lines as the items of one list, as they come: every end of a line but the last becomes a comma. */
async function writeAsList(output: CliOutput, lines: AsyncIterable<string>): Promise<void> {
  output.write('{"items":[');
  let end = '';
  for await (const text of lines) {
    const isLineEnd = text.endsWith('\n');
    output.write(`${end}${isLineEnd ? text.slice(0, -1) : text}`.replaceAll('\n', ','));
    end = isLineEnd ? '\n' : '';
  }
  output.write('],"next":null}\n');
}
