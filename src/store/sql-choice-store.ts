import { z } from 'zod';
import type { ChoiceRecord } from '../choice/choice-record.ts';
import type { ChoiceStore } from '../choice/choice-store.ts';
import { Failure } from '../kernel/failure.ts';
import { NUMBER_KEY, parseCursor, toPage } from './cursor.ts';
import { recordUses, usedSince } from './release-uses.ts';
import { jsonColumn, parseRow } from './row-schema.ts';
import type { Changes, Queries } from './schema.ts';
import type { StoreDatabase } from './store-database.ts';

const choiceRow = z.object({
  subject: z.string(),
  revision: z.number(),
  registry: z.string().nullable(),
  who: z.string(),
  at: z.number(),
  reason: z.string().nullable(),
  evidenceJson: jsonColumn(z.unknown()).nullable(),
  previous: z.string().nullable(),
});

/** Decisions and uses, in SQL. */
export function sqlChoiceStore({ read, change }: Pick<StoreDatabase, 'read' | 'change'>): ChoiceStore {
  return {
    currentChoices: () => read('reading choices', currentChoices),
    appendChoice: (choice, expectedRevision) =>
      change('recording a choice', (trx) => appendChoice(trx, choice, expectedRevision)),
    choiceHistory: (subject, page) => read('reading the history of a choice', (db) => choiceHistory(db, subject, page)),
    choicesSince: (ms) =>
      read('reading choices', async (db) =>
        (
          await db.selectFrom('choices').selectAll().where('at', '>=', ms).orderBy('at').orderBy('subject').execute()
        ).map(parseChoice),
      ),
    recordUses: (uses) => change('recording uses', (trx) => recordUses(trx, uses)),
    usedSince: (name, sinceMs) => read('reading uses', (db) => usedSince(db, name, sinceMs)),
  };
}

async function currentChoices(db: Queries): Promise<readonly ChoiceRecord[]> {
  const rows = await db
    .selectFrom('choices as choice')
    .selectAll('choice')
    .where('choice.revision', '=', (eb) =>
      eb
        .selectFrom('choices as each')
        .select((each) => each.fn.max('each.revision').as('newest'))
        .whereRef('each.subject', '=', 'choice.subject'),
    )
    .orderBy('choice.subject')
    .execute();
  return rows.map(parseChoice);
}

/** Throws `revision_conflict`. */
async function appendChoice(
  trx: Changes,
  choice: Omit<ChoiceRecord, 'revision'>,
  expectedRevision: number | undefined,
): Promise<ChoiceRecord> {
  const newest = await trx
    .selectFrom('choices')
    .select('revision')
    .where('subject', '=', choice.subject)
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst();
  const revision = newest?.revision ?? 0;
  if (expectedRevision !== undefined && expectedRevision !== revision) {
    throw new Failure(
      'revision_conflict',
      `the choice for ${choice.subject} was expected at revision ${expectedRevision} and is at ${revision}`,
      { extensions: { revision } },
    );
  }
  const { evidence, ...same } = choice;
  const evidenceJson = evidence === null || evidence === undefined ? null : JSON.stringify(evidence);
  const row = await trx
    .insertInto('choices')
    .values({
      subject: same.subject,
      revision: revision + 1,
      registry: same.registry,
      who: same.who,
      at: same.at,
      reason: same.reason,
      evidenceJson,
      previous: same.previous,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return parseChoice(row);
}

async function choiceHistory(
  db: Queries,
  subject: string,
  page: { limit: number; cursor?: string },
): Promise<{ items: readonly ChoiceRecord[]; next: string | null }> {
  let query = db.selectFrom('choices').selectAll().where('subject', '=', subject);
  if (page.cursor !== undefined) query = query.where('revision', '<', parseCursor(page.cursor, NUMBER_KEY)[0]);
  const rows = await query
    .orderBy('revision', 'desc')
    .limit(page.limit + 1)
    .execute();
  return toPage(rows, page.limit, (row) => [row.revision], parseChoice);
}

function parseChoice(row: unknown): ChoiceRecord {
  const { evidenceJson, ...same } = parseRow(choiceRow, row, 'a choice');
  return { ...same, evidence: evidenceJson };
}
