import type { Clock } from '../kernel/clock.ts';
import type { Secret } from '../kernel/secret.ts';
import { cachedCredentials } from '../registry/cached-credentials.ts';
import type { CredentialsProvider } from '../registry/credentials.ts';

/** A password that a cloud made for a while; `expiresAtMs` undefined where the cloud did not say until when. */
export type CloudAuthorization = {
  readonly username: string;
  readonly password: Secret;
  readonly expiresAtMs: number | undefined;
};

/** A request that begins with a password must still find it valid when it ends. */
const LONGEST_MARGIN_MS = 10 * 60_000;
/** Where the end is unknown or past (clocks that differ, and doubles of ECR): a refusal renews it anyway. */
const UNKNOWN_LIFE_MS = 60 * 60_000;

/**
 * A cloud's password for the registry: renewed before its end and when it is refused, fetched once for all who ask.
 * It lives 12 h at ECR, 1 h or less at Alibaba Cloud; the margin is ten minutes, or a quarter of a shorter life.
 */
export function openCloudCredentials(
  authorize: () => Promise<CloudAuthorization>,
  clock: Clock,
): Required<CredentialsProvider> {
  return cachedCredentials(async () => {
    const { username, password, expiresAtMs } = await authorize();
    const lifeMs = expiresAtMs === undefined ? 0 : expiresAtMs - clock.nowMs();
    const goodForMs = lifeMs > 0 ? lifeMs - Math.min(LONGEST_MARGIN_MS, lifeMs / 4) : UNKNOWN_LIFE_MS;
    return { credentials: { kind: 'basic', username, password }, goodForMs };
  }, clock);
}
