import type { z } from 'zod';
import { Failure } from '../kernel/failure.ts';
import type { ApiClient } from './api-client.ts';
import {
  type Choice,
  choiceSchema,
  type Push,
  pageSchema,
  pushSchema,
  type ResolveAnswer,
  resolutionSchema,
} from './api-schema.ts';

type Query = readonly (readonly [string, string])[];
type Waiting = { readonly signal?: AbortSignal };

/** The body of `POST /v1/pushes`. */
export type NewPushBody = {
  readonly image: string;
  readonly source: string;
  readonly targets?: readonly string[];
  readonly platforms?: readonly string[];
  readonly referrers?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly priority?: string;
  readonly deadline?: string;
};

/** Safe to repeat only because of its key: the service answers the same push for the same key. */
export async function createPush(
  client: ApiClient,
  body: NewPushBody,
  idempotencyKey: string,
  { signal }: Waiting = {},
): Promise<Push> {
  const headers = { 'idempotency-key': idempotencyKey };
  return read(
    pushSchema,
    await client.request({ method: 'POST', path: '/v1/pushes', json: body, headers, repeatable: true, signal }),
  );
}

/** Sends an archive as it is read; only `from` knows whether it could be read again, so this never repeats. */
export async function uploadArchive(
  client: ApiClient,
  upload: {
    readonly query: Query;
    readonly archive: AsyncIterable<Uint8Array>;
    readonly sizeBytes?: number;
    readonly idempotencyKey?: string;
  },
  { signal }: Waiting = {},
): Promise<Push> {
  const headers = {
    'content-type': 'application/x-tar',
    ...(upload.sizeBytes === undefined ? {} : { 'content-length': String(upload.sizeBytes) }),
    ...(upload.idempotencyKey === undefined ? {} : { 'idempotency-key': upload.idempotencyKey }),
  };
  const request = {
    method: 'POST',
    path: '/v1/pushes',
    query: upload.query,
    headers,
    body: upload.archive,
    patient: true,
    signal,
  } as const;
  return read(pushSchema, await client.request(request));
}

/** The push as it is; with `waitMs` once it is final, or as it is by then. */
export async function getPush(
  client: ApiClient,
  id: string,
  options: Waiting & { readonly waitMs?: number; readonly repeatable?: boolean } = {},
): Promise<Push> {
  const { waitMs, repeatable, signal } = options;
  const query: Query = waitMs === undefined ? [] : [['wait', `${waitMs}ms`]];
  return read(
    pushSchema,
    await client.request({ method: 'GET', path: pushPath(id), query, waitMs, repeatable, signal }),
  );
}

export async function actOnPush(client: ApiClient, id: string, action: 'cancel' | 'retry'): Promise<Push> {
  return read(pushSchema, await client.request({ method: 'POST', path: `${pushPath(id)}/${action}` }));
}

export function openPushEvents(
  client: ApiClient,
  id: string,
  lastEventId: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const resume: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  return client.open({
    method: 'GET',
    path: `${pushPath(id)}/events`,
    headers: { accept: 'text/event-stream', ...resume },
    signal,
  });
}

/** Where the choice of an image, or of a pattern with `*`, is read and written. */
export function choicePath(subject: string): string {
  const name = encodeURIComponent(subject);
  return subject.includes('*') ? `/v1/choices/${name}` : `/v1/images/${name}/choice`;
}

/** The choice in force; undefined where there is none. */
export async function findChoice(
  client: ApiClient,
  subject: string,
  { signal }: Waiting = {},
): Promise<Choice | undefined> {
  try {
    return read(choiceSchema, await client.request({ method: 'GET', path: choicePath(subject), signal }));
  } catch (error) {
    if (error instanceof Failure && error.details.status === 404) return undefined;
    throw error;
  }
}

export async function putChoice(
  client: ApiClient,
  subject: string,
  choice: { registry: string; reason?: string; evidence?: unknown },
): Promise<Choice> {
  return read(
    choiceSchema,
    await client.request({ method: 'PUT', path: choicePath(subject), json: choice, repeatable: true }),
  );
}

/** Returns a subject to its default: the choice in force now, undefined where none is. */
export async function deleteChoice(
  client: ApiClient,
  subject: string,
  reason: string | undefined,
): Promise<Choice | undefined> {
  const query: Query = reason === undefined ? [] : [['reason', reason]];
  const answer = await client.request({ method: 'DELETE', path: choicePath(subject), query });
  return answer === undefined || answer === null ? undefined : read(choiceSchema, answer);
}

export async function resolveImage(
  client: ApiClient,
  question: { readonly image: string; readonly cluster?: string | undefined; readonly waitMs?: number },
  { signal }: Waiting = {},
): Promise<ResolveAnswer> {
  const { image, cluster, waitMs } = question;
  const wait: Query = waitMs === undefined ? [] : [['wait', `${waitMs}ms`]];
  const asking: Query = cluster === undefined ? [] : [['cluster', cluster]];
  const query: Query = [['image', image], ...asking, ...wait];
  return read(resolutionSchema, await client.request({ method: 'GET', path: '/v1/resolve', query, waitMs, signal }));
}

const PAGE_ITEMS = 200;

/** Items of a list, page by page from `cursor` on, until there are no more or `limit` of them. */
export async function listItems<T extends z.ZodType>(
  client: ApiClient,
  item: T,
  list: {
    readonly path: string;
    readonly query?: Query;
    readonly limit?: number;
    readonly cursor?: string;
    /** Finds the page in an answer; by default the answer is the page. */
    readonly readPage?: (answer: unknown) => { readonly items: z.output<T>[]; readonly next: string | null };
  },
): Promise<z.output<T>[]> {
  const {
    path,
    query = [],
    limit = Number.POSITIVE_INFINITY,
    readPage = (answer) => read(pageSchema(item), answer),
  } = list;
  const items: z.output<T>[] = [];
  let cursor: string | null = list.cursor ?? null;
  do {
    const from: Query = cursor === null ? [] : [['cursor', cursor]];
    const pageQuery: Query = [...query, ['limit', String(Math.min(PAGE_ITEMS, limit - items.length))], ...from];
    const page = readPage(await client.request({ method: 'GET', path, query: pageQuery }));
    items.push(...page.items);
    // A page that leads back to itself would be asked for without end.
    cursor = page.next === cursor ? null : page.next;
  } while (cursor !== null && items.length < limit);
  return items;
}

/** An answer by its schema, or `remote_unexpected` saying where it differs. */
export function read<T extends z.ZodType>(schema: T, answer: unknown): z.output<T> {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const { path = [], message = '' } = result.error.issues[0] ?? {};
  const detail = `the service's answer is not of the form that the API describes: ${path.join('.') || 'it'}: ${message}`;
  throw new Failure('remote_unexpected', detail, { cause: result.error });
}

function pushPath(id: string): string {
  return `/v1/pushes/${encodeURIComponent(id)}`;
}
