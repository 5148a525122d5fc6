import type { MiddlewareHandler } from 'hono';
import { findRefusal, reachOf, type Subject } from '../access/allowance.ts';
import type { AuditTrail } from '../access/audit-trail.ts';
import type { Approach, Gatekeeper } from '../access/gatekeeper.ts';
import type { Permission } from '../access/permissions.ts';
import type { Principal } from '../access/principal.ts';
import { Failure } from '../kernel/failure.ts';
import type { ApiContext, ApiEnv } from './request-context.ts';

/** Lets the operations of an app find out who is calling, and say what was done. */
export function guardedBy(gatekeeper: Gatekeeper, audit?: Pick<AuditTrail, 'record'>): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    c.set('gatekeeper', gatekeeper);
    c.set('audit', audit);
    await next();
  };
}

/** Who is calling; throws `unauthenticated`, `rate_limited`. */
export async function admitCaller(c: ApiContext, permission: Permission): Promise<Principal> {
  // Also of those who are then told that they call too often, or the log would not say who does.
  return c
    .get('gatekeeper')
    .admit(findApproach(c), permission === 'resolve' ? 'resolve' : 'request', ({ name }) => c.set('caller', name));
}

/** How the caller of a request comes to the door. */
export function findApproach(c: ApiContext): Approach {
  return {
    authorization: c.req.header('authorization'),
    forwardedFor: c.req.header('x-forwarded-for'),
    socket: c.env?.incoming?.socket,
  };
}

/** Throws `forbidden` unless the caller may do this with that; a caller without a token is asked for one instead. */
export function requireAllowed(caller: Principal, permission: Permission, subject: Subject): void {
  const refusal = findRefusal(caller, permission, subject);
  if (refusal === undefined) return;
  throw new Failure(caller.via === 'anonymous' ? 'unauthenticated' : 'forbidden', refusal);
}

/** The patterns that bound what the caller sees in a list; undefined where it sees all. */
export function visibleImages(caller: Principal, permission: Permission): readonly string[] | undefined {
  return reachOf(caller, permission) === 'any' ? undefined : caller.images;
}
