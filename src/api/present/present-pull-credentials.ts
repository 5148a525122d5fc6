import { toTimestamp } from '../../kernel/clock.ts';
import type { PullCredentials } from '../pull-credentials.ts';
import type { PullCredentialsAnswer } from '../schema/pull-credentials-schema.ts';

/** As a dockerconfigjson; the one answer of the API that holds secrets, which is what it is for. */
export function presentPullCredentials(
  cluster: string,
  { credentials, missing }: PullCredentials,
): PullCredentialsAnswer {
  const ends = credentials.flatMap(({ expiresAtMs }) => (expiresAtMs === null ? [] : [expiresAtMs]));
  return {
    cluster,
    dockerconfigjson: {
      auths: Object.fromEntries(
        credentials.map(({ host, username, password }) => {
          const auth = Buffer.from(`${username}:${password.reveal()}`).toString('base64');
          return [host, { username, password: password.reveal(), auth }];
        }),
      ),
    },
    expiresAt: ends.length === 0 ? null : toTimestamp(Math.min(...ends)),
    registries: credentials.map(({ registry, host, expiresAtMs }) => ({
      registry,
      host,
      expiresAt: expiresAtMs === null ? null : toTimestamp(expiresAtMs),
    })),
    missing: missing.map((each) => ({ ...each })),
  };
}
