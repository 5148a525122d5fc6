import { z } from 'zod';
import { ROLES } from '../access/principal.ts';
import type { TokenRecord } from '../access/token-record.ts';
import type { TokenStore } from '../access/token-store.ts';
import { NAME_KEY, parseCursor, toPage } from './cursor.ts';
import { jsonColumn, parseRow } from './row-schema.ts';
import type { Changes, Queries } from './schema.ts';
import type { StoreDatabase } from './store-database.ts';

const tokenRow = z.object({
  id: z.string(),
  name: z.string(),
  hash: z.string(),
  role: z.enum(ROLES),
  imagesJson: jsonColumn(z.array(z.string())),
  cluster: z.string().nullable(),
  site: z.string().nullable(),
  origin: z.enum(['api', 'preset', 'file']),
  createdAt: z.number(),
  createdBy: z.string(),
  expiresAt: z.number().nullable(),
  lastUsedAt: z.number().nullable(),
  revokedAt: z.number().nullable(),
});

/** Tokens, in SQL. */
export function sqlTokenStore({ read, change }: Pick<StoreDatabase, 'read' | 'change'>): TokenStore {
  return {
    unrevokedTokens: () => read('reading tokens', unrevokedTokens),
    listTokens: (page) => read('listing tokens', (db) => listTokens(db, page)),
    findTokenByHash: (hash) => read('looking up a token', (db) => findTokenByHash(db, hash)),
    addToken: (token, replacing) => change('recording a token', (trx) => addToken(trx, token, replacing)),
    revokeToken: (id, at) => change('revoking a token', (trx) => revokeToken(trx, id, at)),
    recordTokenUses: (uses) => change('recording the use of tokens', (trx) => recordTokenUses(trx, uses)),
  };
}

async function unrevokedTokens(db: Queries): Promise<readonly TokenRecord[]> {
  const rows = await db.selectFrom('tokens').selectAll().where('revokedAt', 'is', null).orderBy('id').execute();
  return rows.map(parseToken);
}

async function listTokens(db: Queries, page: { limit: number; cursor?: string }) {
  let query = db.selectFrom('tokens').selectAll();
  if (page.cursor !== undefined) query = query.where('id', '<', parseCursor(page.cursor, NAME_KEY)[0]);
  const rows = await query
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return toPage(rows, page.limit, (row) => [row.id], parseToken);
}

async function findTokenByHash(db: Queries, hash: string): Promise<TokenRecord | undefined> {
  const row = await db.selectFrom('tokens').selectAll().where('hash', '=', hash).executeTakeFirst();
  return row === undefined ? undefined : parseToken(row);
}

async function addToken(
  trx: Changes,
  { images, ...same }: TokenRecord,
  replacing: readonly string[] = [],
): Promise<void> {
  for (const id of replacing) await trx.deleteFrom('tokens').where('id', '=', id).execute();
  await trx
    .insertInto('tokens')
    .values({ ...same, imagesJson: JSON.stringify(images) })
    .execute();
}

async function revokeToken(trx: Changes, id: string, at: number): Promise<TokenRecord | undefined> {
  await trx.updateTable('tokens').set({ revokedAt: at }).where('id', '=', id).where('revokedAt', 'is', null).execute();
  const row = await trx.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : parseToken(row);
}

async function recordTokenUses(trx: Changes, uses: readonly { id: string; at: number }[]): Promise<void> {
  for (const { id, at } of uses) await trx.updateTable('tokens').set({ lastUsedAt: at }).where('id', '=', id).execute();
}

function parseToken(row: unknown): TokenRecord {
  const { imagesJson, ...same } = parseRow(tokenRow, row, 'a token');
  return { ...same, images: imagesJson };
}
