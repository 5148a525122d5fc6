import { z } from 'zod';
import { AUDIT_ACTIONS } from '../access/audit-actions.ts';
import { AUDIT_OUTCOMES, type AuditEntry, type AuditFilter } from '../access/audit-entry.ts';
import type { AuditStore } from '../access/audit-store.ts';
import { CALLER_WAYS, ROLES } from '../access/principal.ts';
import { NAME_KEY, parseCursor, toPage } from './cursor.ts';
import { jsonColumn, parseRow } from './row-schema.ts';
import type { Changes, Queries } from './schema.ts';
import type { StoreDatabase } from './store-database.ts';

const auditRow = z.object({
  id: z.string(),
  at: z.number(),
  who: z.string().nullable(),
  role: z.enum(ROLES).nullable(),
  via: z.enum(CALLER_WAYS).nullable(),
  address: z.string().nullable(),
  action: z.enum(AUDIT_ACTIONS),
  about: z.string().nullable(),
  outcome: z.enum(AUDIT_OUTCOMES),
  code: z.string().nullable(),
  detailJson: jsonColumn(z.record(z.string(), z.unknown())).nullable(),
  count: z.number(),
  requestId: z.string().nullable(),
});

/** There is one: that of the last start. */
const CONFIGURATION = 1;

/** The audit log, in SQL. */
export function sqlAuditStore({ read, change }: Pick<StoreDatabase, 'read' | 'change'>): AuditStore {
  return {
    appendEntries: (entries) => change('recording what was done', (trx) => appendEntries(trx, entries)),
    listEntries: (filter, page) => read('reading the audit log', (db) => listEntries(db, filter, page)),
    lastConfiguration: () => read('reading the last configuration', lastConfiguration),
    rememberConfiguration: (configuration) =>
      change('remembering the configuration', (trx) => rememberConfiguration(trx, configuration)),
  };
}

async function appendEntries(trx: Changes, entries: readonly AuditEntry[]): Promise<void> {
  const rows = entries.map(({ detail, ...same }) => ({
    ...same,
    detailJson: detail === null ? null : JSON.stringify(detail),
  }));
  await trx.insertInto('audit').values(rows).execute();
}

/** Ids sort by creation. */
async function listEntries(db: Queries, filter: AuditFilter, page: { limit: number; cursor?: string }) {
  let query = db.selectFrom('audit').selectAll();
  for (const column of ['who', 'action', 'about', 'outcome'] as const) {
    const wanted = filter[column];
    if (wanted !== undefined) query = query.where(column, '=', wanted);
  }
  if (filter.since !== undefined) query = query.where('at', '>=', filter.since);
  if (filter.until !== undefined) query = query.where('at', '<', filter.until);
  if (page.cursor !== undefined) query = query.where('id', '<', parseCursor(page.cursor, NAME_KEY)[0]);
  const rows = await query
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return toPage(rows, page.limit, (row) => [row.id], parseEntry);
}

async function lastConfiguration(db: Queries): Promise<unknown> {
  const row = await db
    .selectFrom('configurations')
    .select('documentJson')
    .where('id', '=', CONFIGURATION)
    .executeTakeFirst();
  return row === undefined ? undefined : parseRow(jsonColumn(z.unknown()), row.documentJson, 'the last configuration');
}

async function rememberConfiguration(trx: Changes, configuration: unknown): Promise<void> {
  const documentJson = JSON.stringify(configuration);
  await trx
    .insertInto('configurations')
    .values({ id: CONFIGURATION, documentJson })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ documentJson }))
    .execute();
}

function parseEntry(row: unknown): AuditEntry {
  const { detailJson, ...same } = parseRow(auditRow, row, 'an entry of the audit log');
  return { ...same, detail: detailJson };
}
