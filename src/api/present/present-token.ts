import { holdsAt, type TokenRecord } from '../../access/token-record.ts';
import { toTimestamp } from '../../kernel/clock.ts';
import type { TokenAnswer } from '../schema/token-schema.ts';

/** A token as the API shows it: all but its secret and what is kept of that. */
export function presentToken(token: TokenRecord, nowMs: number): TokenAnswer {
  const { id, name, role, images, cluster, site, createdBy } = token;
  const time = (ms: number | null) => (ms === null ? null : toTimestamp(ms));
  return {
    id,
    name,
    role,
    images: [...images],
    cluster,
    site,
    state: token.revokedAt !== null ? 'revoked' : holdsAt(token, nowMs) ? 'valid' : 'expired',
    createdAt: toTimestamp(token.createdAt),
    createdBy,
    expiresAt: time(token.expiresAt),
    lastUsedAt: time(token.lastUsedAt),
    revokedAt: time(token.revokedAt),
  };
}
