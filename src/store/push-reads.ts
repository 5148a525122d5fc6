import { Failure } from '../kernel/failure.ts';
import { parseImageReference } from '../oci/reference.ts';
import type { Page, Paged, PushFilter, PushWithTransfers } from '../sync/push/push-store.ts';
import { INSTANT_AND_ID, parseCursor, toPage } from './cursor.ts';
import { matchesAny } from './matches-any.ts';
import { parsePush } from './push-row.ts';
import type { PushRow, Queries } from './schema.ts';
import { parseTransfer } from './transfer-row.ts';

export async function findPush(db: Queries, id: string): Promise<PushWithTransfers | undefined> {
  const row = await db.selectFrom('pushes').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) return undefined;
  return (await withTransfers(db, [row]))[0];
}

/** Throws `push_unknown`. */
export async function getPush(db: Queries, id: string): Promise<PushWithTransfers> {
  const found = await findPush(db, id);
  if (found === undefined) throw pushUnknown(id);
  return found;
}

export function pushUnknown(id: string): Failure {
  return new Failure('push_unknown', `there is no push ${id}`);
}

/** Newest first. Throws `validation_failed` for a cursor or image that is none. */
export async function listPushes(db: Queries, filter: PushFilter, page: Page): Promise<Paged<PushWithTransfers>> {
  const wanted: Wanted = {
    image: filter.image === undefined ? undefined : parseImageFilter(filter.image),
    state: filter.state,
    patterns: filter.patterns,
    after: page.cursor === undefined ? undefined : parseCursor(page.cursor, INSTANT_AND_ID),
    most: page.limit + 1,
  };
  const rows = await (filter.registry === undefined
    ? selectPushes(db, wanted)
    : selectPushesTo(db, filter.registry, wanted));
  const { items, next } = toPage(
    rows,
    page.limit,
    (row) => [row.createdAt, row.id],
    (row) => row,
  );
  return { items: await withTransfers(db, items), next };
}

export async function finishedSince(db: Queries, ms: number, limit: number): Promise<readonly PushWithTransfers[]> {
  const rows = await db
    .selectFrom('pushes')
    .selectAll()
    .where('finishedAt', '>=', ms)
    .orderBy('finishedAt')
    .orderBy('id')
    .limit(limit)
    .execute();
  return withTransfers(db, rows);
}

type Wanted = {
  readonly image: { readonly name: string; readonly tag: string | null } | undefined;
  readonly state: string | undefined;
  readonly patterns: readonly string[] | undefined;
  readonly after: readonly [number, string] | undefined;
  readonly most: number;
};

function selectPushes(db: Queries, { image, state, patterns, after, most }: Wanted): Promise<PushRow[]> {
  let query = db.selectFrom('pushes').selectAll();
  if (image !== undefined) query = query.where('name', '=', image.name);
  if (image !== undefined && image.tag !== null) query = query.where('tag', '=', image.tag);
  if (state !== undefined) query = query.where('state', '=', state);
  if (patterns !== undefined) query = query.where(({ ref }) => matchesAny(ref('name'), patterns));
  if (after !== undefined) {
    query = query.where((eb) => eb(eb.refTuple('createdAt', 'id'), '<', eb.tuple(...after)));
  }
  return query.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(most).execute();
}

/** The same over the legs of one registry, so that a registry with few pushes does not make all others be read. */
function selectPushesTo(
  db: Queries,
  registry: string,
  { image, state, patterns, after, most }: Wanted,
): Promise<PushRow[]> {
  let query = db
    .selectFrom('transfers')
    .innerJoin('pushes', 'pushes.id', 'transfers.pushId')
    .selectAll('pushes')
    .where('transfers.registry', '=', registry);
  if (image !== undefined) query = query.where('transfers.name', '=', image.name);
  if (image !== undefined && image.tag !== null) query = query.where('transfers.tag', '=', image.tag);
  if (state !== undefined) query = query.where('pushes.state', '=', state);
  if (patterns !== undefined) query = query.where(({ ref }) => matchesAny(ref('transfers.name'), patterns));
  if (after !== undefined) {
    query = query.where((eb) =>
      eb(eb.refTuple('transfers.pushCreatedAt', 'transfers.pushId'), '<', eb.tuple(...after)),
    );
  }
  return query.orderBy('transfers.pushCreatedAt', 'desc').orderBy('transfers.pushId', 'desc').limit(most).execute();
}

function parseImageFilter(text: string): { name: string; tag: string | null } {
  const { name, tag, digest } = parseImageReference(text);
  if (digest !== null) {
    throw new Failure(
      'validation_failed',
      `"${text.slice(0, 160)}" must be an image, with a tag or without, and no digest`,
    );
  }
  return { name, tag };
}

/** Each push with its legs, by the name of their registry. */
async function withTransfers(db: Queries, rows: readonly PushRow[]): Promise<PushWithTransfers[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const legs = await db
    .selectFrom('transfers')
    .selectAll()
    .where('pushId', 'in', ids)
    .orderBy('pushId')
    .orderBy('registry')
    .execute();
  const legsByPush = Map.groupBy(legs, ({ pushId }) => pushId);
  return rows.map((row) => ({
    push: parsePush(row),
    transfers: (legsByPush.get(row.id) ?? []).map(parseTransfer),
  }));
}
