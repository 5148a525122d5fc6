import { type RouteConfig, z } from '@hono/zod-openapi';
import { FAILURE_CODES, type FailureCode } from '../kernel/failure-codes.ts';
import { parseInput, queryValues } from './parse-input.ts';
import { readJson } from './read-body.ts';
import type { ApiApp, ApiContext } from './request-context.ts';
import { problemSchema } from './schema/problem-schema.ts';

type Answer = RouteConfig['responses'][string];
type BodyContent = NonNullable<NonNullable<RouteConfig['request']>['body']>['content'];

/** One call of the API: its place, what it takes and what it answers. Its schemas both check and document it. */
export type Operation = {
  readonly method: 'get' | 'put' | 'post' | 'delete';
  /** With parameters as OpenAPI writes them: `/v1/pushes/{id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: 'pushes' | 'images' | 'choices' | 'resolve' | 'benchmarks' | 'world' | 'operations';
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

type Handler<I> = (c: ApiContext, input: I) => Response | Promise<Response>;

const NO_QUERY = z.strictObject({});

/** Adds a call to the app and to its OpenAPI document. What a request says that the operation does not name is refused. */
export function mountOperation<const O extends Operation>(
  app: ApiApp,
  operation: O,
  handler: Handler<OperationInput<O>>,
): void {
  app.openAPIRegistry.registerPath(routeConfig(operation));
  const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1');
  app.on(operation.method.toUpperCase(), path, async (c) => handler(c, await readInput(c, operation)));
}

/**
 * As `mountOperation`, but the handler checks everything itself: it takes several kinds of body, or is called too often
 * to pay for a schema. For paths without parameters.
 */
export function mountUncheckedOperation(
  app: ApiApp,
  operation: Operation,
  handler: (c: ApiContext) => Response | Promise<Response>,
): void {
  app.openAPIRegistry.registerPath(routeConfig(operation));
  app.on(operation.method.toUpperCase(), operation.path, handler);
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

function routeConfig(operation: Operation): RouteConfig {
  const { params, query, headers, body, otherBodies } = operation;
  const content = { ...(body === undefined ? {} : { 'application/json': { schema: body } }), ...otherBodies };
  return {
    method: operation.method,
    path: operation.path,
    operationId: operation.operationId,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    request: {
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { query }),
      ...(headers === undefined ? {} : { headers }),
      ...(Object.keys(content).length === 0 ? {} : { body: { content, required: true } }),
    },
    responses: { ...operation.answers, ...problemAnswers(operation.failures) },
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
