import { type RouteConfig, z } from '@hono/zod-openapi';
import { reachOf, type Subject } from '../access/allowance.ts';
import type { AuditAction } from '../access/audit-actions.ts';
import { describeReach } from '../access/describe-reach.ts';
import { PERMISSIONS, type Permission } from '../access/permissions.ts';
import type { Principal } from '../access/principal.ts';
import { Failure } from '../kernel/failure.ts';
import { FAILURE_CODES, type FailureCode } from '../kernel/failure-codes.ts';
import { audited } from './audited.ts';
import { admitCaller, requireAllowed } from './caller.ts';
import { parseInput, queryValues } from './parse-input.ts';
import { readJson } from './read-body.ts';
import type { ApiApp, ApiContext } from './request-context.ts';
import { problemSchema } from './schema/problem-schema.ts';

type Answer = RouteConfig['responses'][string];
type BodyContent = NonNullable<NonNullable<RouteConfig['request']>['body']>['content'];

/**
 * One call of the API: its place, what it takes and what it answers. Its schemas both check and document it. One that
 * changes something says under which word the audit log is to have it.
 */
export type Operation = OperationParts &
  (
    | { readonly method: 'get'; readonly audit?: AuditAction }
    | { readonly method: 'put' | 'post' | 'delete'; readonly audit: AuditAction | 'none' }
  );

type OperationParts = {
  /** With parameters as OpenAPI writes them: `/v1/pushes/{id}`. */
  readonly path: string;
  readonly operationId: string;
  /** What a caller must be allowed to do; `open` asks nobody who they are. */
  readonly permission: Permission | 'open';
  readonly tag:
    | 'pushes'
    | 'images'
    | 'choices'
    | 'resolve'
    | 'benchmarks'
    | 'world'
    | 'access'
    | 'notifications'
    | 'operations';
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Documented here and read by the handler. */
  readonly headers?: z.ZodObject;
  /** The JSON body. */
  readonly body?: z.ZodType;
  /** Bodies of other kinds, which the handler reads. */
  readonly otherBodies?: BodyContent;
  readonly answers: Record<number, Answer>;
  readonly failures: readonly FailureCode[];
};

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

export type OperationInput<O extends Operation> = {
  readonly params: Parsed<O['params']>;
  readonly query: Parsed<O['query']>;
  readonly body: Parsed<O['body']>;
};

/** Who calls; nobody in particular where an operation is open. */
type Caller<O extends Operation> = O['permission'] extends 'open' ? undefined : Principal;
type Handler<I, C> = (c: ApiContext, input: I, caller: C) => Response | Promise<Response>;

/**
 * What a call is about, where a permission reaches some images, a cluster or a site only. Asked before the handler, and
 * only for callers whose reach is bounded: without it they are refused.
 */
type FindSubject<I> = (input: I, caller: Principal) => Subject | Promise<Subject>;

/** What a handler that checks everything itself is given: who calls, and to be asked once it knows what the call is about. */
export type Admission = {
  readonly caller: Principal;
  /** Says what the call is about and what it asks for. Throws `forbidden`. */
  require(subject: Subject, input: Readonly<Record<string, unknown>>): void;
};

const ACCESS_FAILURES = ['unauthenticated', 'forbidden', 'rate_limited'] as const;
const NO_QUERY = z.strictObject({});

/** Adds a call to the app and to its OpenAPI document. What a request says that the operation does not name is refused. */
export function mountOperation<const O extends Operation>(
  app: ApiApp,
  operation: O,
  handler: Handler<OperationInput<O>, Caller<O>>,
  findSubject: FindSubject<OperationInput<O>> = () => ({}),
): void {
  app.openAPIRegistry.registerPath(routeConfig(operation));
  const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1');
  const { permission } = operation;
  app.on(operation.method.toUpperCase(), path, async (c) => {
    if (permission === 'open') return handler(c, await readInput(c, operation), undefined as Caller<O>);
    const caller = await admitCaller(c, permission);
    return audited(c, operation.audit, caller, async (note) => {
      const reach = reachOf(caller, permission);
      if (reach === 'none') {
        note.input = readPath(c, operation);
        requireAllowed(caller, permission, {});
      }
      const input = await readInput(c, operation);
      note.input = { ...input.params, ...input.query, ...(isRecord(input.body) ? input.body : {}) };
      if (reach !== 'any') {
        note.subject = await findSubject(input, caller);
        requireAllowed(caller, permission, note.subject);
      } else if (note.isKept) {
        // Only to tell of it: what cannot be found is the handler's to say.
        note.subject = await Promise.try(() => findSubject(input, caller)).catch(() => ({}));
      }
      return handler(c, input, caller as Caller<O>);
    });
  });
}

/**
 * As `mountOperation`, but the handler checks everything itself: it takes several kinds of body, or is called too often
 * to pay for a schema. For paths without parameters.
 */
export function mountUncheckedOperation(
  app: ApiApp,
  operation: Operation & { readonly permission: Permission },
  handler: (c: ApiContext, admission: Admission) => Promise<Response>,
): void {
  app.openAPIRegistry.registerPath(routeConfig(operation));
  const { permission } = operation;
  app.on(operation.method.toUpperCase(), operation.path, async (c) => {
    const caller = await admitCaller(c, permission);
    return audited(c, operation.audit, caller, async (note) => {
      const reach = reachOf(caller, permission);
      if (reach === 'none') requireAllowed(caller, permission, {});
      let isAsked = reach === 'any';
      const require = (subject: Subject, input: Readonly<Record<string, unknown>>): void => {
        Object.assign(note, { subject, input });
        requireAllowed(caller, permission, subject);
        isAsked = true;
      };
      const answer = await handler(c, { caller, require });
      if (!isAsked) throw new Failure('internal', `${operation.operationId} did not ask what its caller may do`);
      return answer;
    });
  });
}

async function readInput<O extends Operation>(c: ApiContext, operation: O): Promise<OperationInput<O>> {
  const { params, query, body } = operation;
  const input = {
    params: params === undefined ? undefined : parseInput(params, c.req.param(), 'path'),
    query: parseInput(query ?? NO_QUERY, queryValues(c), 'query'),
    body: body === undefined ? undefined : parseInput(body, await readJson(c), 'body'),
  };
  return input as OperationInput<O>;
}

/** What the path names, for the audit log; nothing where that is not valid. The body of whoever may not is left unread. */
function readPath(c: ApiContext, { params }: Operation): Readonly<Record<string, unknown>> {
  const named = params?.safeParse(c.req.param());
  return named?.success === true ? named.data : {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function routeConfig(operation: Operation): RouteConfig {
  const { params, query, headers, body, otherBodies, permission, description = '' } = operation;
  const needs = permission === 'open' ? '' : `Who may ${PERMISSIONS[permission].does}: ${describeReach(permission)}.`;
  const content = { ...(body === undefined ? {} : { 'application/json': { schema: body } }), ...otherBodies };
  return {
    method: operation.method,
    path: operation.path,
    operationId: operation.operationId,
    tags: [operation.tag],
    summary: operation.summary,
    description: [description, needs].filter((part) => part !== '').join('\n'),
    security: permission === 'open' ? [] : [{ bearer: [] }],
    request: {
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { query }),
      ...(headers === undefined ? {} : { headers }),
      ...(Object.keys(content).length === 0 ? {} : { body: { content, required: true } }),
    },
    responses: {
      ...operation.answers,
      ...problemAnswers([...operation.failures, ...(permission === 'open' ? [] : ACCESS_FAILURES)]),
    },
  };
}

function problemAnswers(failures: readonly FailureCode[]): Record<string, Answer> {
  const byStatus = new Map<number, FailureCode[]>();
  for (const code of failures) {
    const { status } = FAILURE_CODES[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const content = { 'application/problem+json': { schema: problemSchema } };
  const answers: Record<string, Answer> = { default: { description: 'Any other failure', content } };
  for (const [status, codes] of byStatus) {
    answers[status] = {
      description: codes.map((code) => `\`${code}\`: ${FAILURE_CODES[code].title}`).join(' · '),
      content,
    };
  }
  return answers;
}

/** An answer in JSON, for `Operation.answers`. */
export function jsonAnswer(description: string, schema: z.ZodType, headers?: z.ZodObject): Answer {
  return { description, content: { 'application/json': { schema } }, ...(headers === undefined ? {} : { headers }) };
}
