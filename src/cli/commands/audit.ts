import { parseDuration } from '../../kernel/duration.ts';
import { listItems } from '../api-calls.ts';
import { auditEntrySchema } from '../audit-entry-schema.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { formatLocalTime } from '../instant-text.ts';
import { renderTable } from '../table.ts';
import { enAccess as words } from '../texts/en-access.ts';

export type AuditOptions = {
  readonly who?: string;
  readonly action?: string;
  readonly about?: string;
  readonly outcome?: string;
  readonly since?: string;
  readonly limit?: number;
};

const PATH = '/v1/audit';
const DEFAULT_LIMIT = 50;

/** The newest entries as a table; with `--json` all that match, as JSON lines. */
export async function runAudit(context: CliContext, options: AuditOptions): Promise<number> {
  const { io, json, out, err } = context;
  const { who, action, about, outcome, since } = options;
  const from = since === undefined ? undefined : new Date(io.clock.nowMs() - parseDuration(since)).toISOString();
  const query = Object.entries({ who, action, about, outcome, since: from }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const client = await context.openClient();
  if (json && options.limit === undefined) {
    const answer = await client.open({ method: 'GET', path: PATH, query: [...query, ['format', 'jsonl']] });
    const decoder = new TextDecoder();
    for await (const bytes of answer.body ?? []) io.stdout.write(decoder.decode(bytes, { stream: true }));
    return EXIT_STATUS.done;
  }
  const limit = options.limit ?? DEFAULT_LIMIT;
  const items = await listItems(client, auditEntrySchema, { path: PATH, query, limit });
  if (json) for (const item of items) io.stdout.write(`${JSON.stringify(item)}\n`);
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
