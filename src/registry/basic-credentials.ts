import type { Clock } from '../kernel/clock.ts';
import type { Secret } from '../kernel/secret.ts';
import { cachedCredentials } from './cached-credentials.ts';
import type { CredentialsProvider } from './credentials.ts';

/** A rotated password is noticed after this, and at once when the old one is refused. */
const GOOD_FOR_MS = 5 * 60 * 1_000;

/** A user name and a password, each read when needed so that rotation needs no restart. */
export function openBasicCredentials(
  source: { username: () => Promise<string>; password: () => Promise<Secret> },
  clock?: Clock,
): CredentialsProvider {
  return cachedCredentials(async () => {
    const [username, password] = await Promise.all([source.username(), source.password()]);
    return { credentials: { kind: 'basic', username, password }, goodForMs: GOOD_FOR_MS };
  }, clock);
}
