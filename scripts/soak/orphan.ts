import type { SeenSession } from './witness.ts';

/**
 * How long a living service may hold the address of a session before it has noted it durably: the answer has to be
 * read, on a machine whose two cores are full, and one commit has to be synced.
 */
export const NOTING_MS = 250;

/**
 * Is a session that was left open one that no service could have closed? It is, when the answer that names it never
 * reached the service's connection, or reached it in the instant in which that connection was killed or reset. Once
 * the service has used the address, or has lived on with it, it must have noted it: then the session is a leak.
 */
export function isUnavoidable(session: SeenSession | undefined): boolean {
  if (session === undefined) return true;
  if (session.isUsed || session.connectionEndedAt === null) return false;
  return session.connectionEndedAt - session.deliveredAt <= NOTING_MS;
}
