import { Failure } from '../kernel/failure.ts';
import { problemResponse } from './problem.ts';
import type { ApiApp, ApiContext } from './request-context.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** Answers what no route takes: 405 with `Allow` where other methods are known at the path, else 404. */
export function answerNoRoute(app: ApiApp, c: ApiContext): Response {
  const allowed = METHODS.filter((method) => hasRoute(app, method, c.req.path));
  const path = new URL(c.req.url).pathname.slice(0, 300);
  if (allowed.length === 0) return problemResponse(new Failure('not_found', `There is nothing at ${path}`), c);
  const allow = allowed.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  c.header('Allow', allow);
  return problemResponse(new Failure('method_not_allowed', `${path} takes ${allow}, not ${c.req.method}`), c);
}

function hasRoute(app: ApiApp, method: string, path: string): boolean {
  return app.router.match(method, path)[0].some(([[, route]]) => route.method === method);
}
