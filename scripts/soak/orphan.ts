import type { SeenSession } from './witness.ts';

/**
 * How long a service that has read the address of a session may take until it has noted it durably: one synced commit,
 * behind those of others, on a machine that is full of other work.
 */
export const NOTING_MS = 1_000;

/**
 * Is a session that was left open one that no service could have closed? It is, when the answer that names it never
 * reached the service's connection, or lay there unread when the service was killed or the link was reset, or came in
 * the instant before. Once the service has used the address, or has lived on with it, it must have noted it: then the
 * session is a leak.
 */
export function isUnavoidable(session: SeenSession | undefined): boolean {
  if (session === undefined) return true;
  if (session.isUsed || session.connectionEndedAt === null) return false;
  return session.wasUnread || session.connectionEndedAt - session.deliveredAt <= NOTING_MS;
}
