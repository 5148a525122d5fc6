import type { z } from '@hono/zod-openapi';
import { Failure } from '../kernel/failure.ts';
import type { ApiContext } from './request-context.ts';

const MAX_ERRORS = 50;
const MAX_TEXT = 200;

type Mistake = { readonly path: string; readonly detail: string };
type Issue = z.core.$ZodIssue;

/** A value as its schema has it, or `validation_failed` with every mistake and its path (`targets[0]`). */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.flatMap(mistakesOf).slice(0, MAX_ERRORS);
  const told = errors.slice(0, 3).map(({ path, detail }) => (path === '' ? detail : `${path} ${detail}`));
  throw new Failure('validation_failed', `The ${what} is not valid: ${told.join('; ')}`, { errors });
}

/** The query as an object: a text for each name, or a list of texts for a name that is repeated. */
export function queryValues(c: ApiContext): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = Object.create(null);
  for (const [name, texts] of Object.entries(c.req.queries())) {
    const [first] = texts;
    values[name] = texts.length === 1 && first !== undefined ? first : texts;
  }
  return values;
}

function mistakesOf(issue: Issue): Mistake[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: formatPath([...issue.path, key.slice(0, MAX_TEXT)]),
      detail: 'is not known here',
    }));
  }
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined'))
    return [{ path: formatPath(issue.path), detail: 'is missing' }];
  return [{ path: formatPath(issue.path), detail: lowerFirst(issue.message).slice(0, MAX_TEXT * 2) }];
}

function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}

function lowerFirst(text: string): string {
  return text.replace(/^Invalid input: /, '').replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}
