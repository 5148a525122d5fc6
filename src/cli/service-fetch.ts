import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Environment } from '../config/environment.ts';
import { readOwnAuthority } from '../config/own-authority.ts';
import { readOwnIdentity } from '../config/own-identity.ts';
import { speaksTls, TLS_THERE } from './tls-trouble.ts';

const PROBE_MS = 2_000;

/**
 * `fetch` that shows the client certificate of `ENTREPOT_CLIENT_CERT`, where there is one, that trusts the authority of `ENTREPOT_CA` besides the public ones, and knows when it spoke plain HTTP to TLS:
 * that looks like any lost connection otherwise.
 */
export function openServiceFetch(readEnvironment: () => Environment): typeof globalThis.fetch {
  let opened: typeof globalThis.fetch | undefined;
  return async (input, init) => {
    // Read when it is needed: the environment may be what is wrong.
    opened ??= await openFetch(readEnvironment());
    try {
      return await opened(input, init);
    } catch (cause) {
      const url = new URL(input instanceof Request ? input.url : input);
      if (url.protocol !== 'http:' || init?.signal?.aborted || !(await speaksTls(url, PROBE_MS))) throw cause;
      throw Object.assign(new Error(`${url.host} speaks TLS`, { cause }), { code: TLS_THERE });
    }
  };
}

async function openFetch(environment: Environment): Promise<typeof globalThis.fetch> {
  trust(readOwnAuthority(environment));
  const identity = readOwnIdentity(environment.clientCertificate);
  if (identity === undefined) return globalThis.fetch;
  // Loaded by those alone who need it: it takes longer than the rest of a short command.
  return (await import('../net/identified-fetch.ts')).openIdentifiedFetch(identity);
}

/** `fetch` has no setting of its own for this; nothing but the command line's own requests goes through it. */
function trust(authority: string | undefined): void {
  if (authority !== undefined) setDefaultCACertificates([...getCACertificates('default'), authority]);
}
