import type { Clock } from '../../kernel/clock.ts';
import { cachedCredentials } from '../../registry/cached-credentials.ts';
import type { CredentialsProvider } from '../../registry/credentials.ts';
import type { EcrApi } from './ecr-api.ts';

/** Passwords live 12 h; a transfer that begins with one must still find it valid when it ends. */
const RENEW_BEFORE_MS = 10 * 60_000;
/** Where the end is unknown or past (clocks that differ, and doubles of ECR): a refusal renews it anyway. */
const UNKNOWN_LIFE_MS = 60 * 60_000;

/**
 * ECR's password for the registry: Basic, renewed ten minutes before its end and when it is refused.
 * Source: ECR API reference, GetAuthorizationToken.
 */
export function openEcrCredentials(api: Pick<EcrApi, 'getAuthorization'>, clock: Clock): CredentialsProvider {
  return cachedCredentials(async () => {
    const { username, password, expiresAtMs } = await api.getAuthorization();
    const leftMs = expiresAtMs === undefined ? 0 : expiresAtMs - clock.nowMs() - RENEW_BEFORE_MS;
    return { credentials: { kind: 'basic', username, password }, goodForMs: leftMs > 0 ? leftMs : UNKNOWN_LIFE_MS };
  }, clock);
}
