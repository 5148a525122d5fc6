import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Environment } from '../config/environment.ts';
import { readOwnAuthority } from '../config/own-authority.ts';
import { speaksTls, TLS_THERE } from './tls-trouble.ts';

const PROBE_MS = 2_000;

/**
 * `fetch` that trusts the authority of `ENTREPOT_CA` besides the public ones, and knows when it spoke plain HTTP to TLS:
 * that looks like any lost connection otherwise.
 */
export function openServiceFetch(readEnvironment: () => Environment): typeof globalThis.fetch {
  let isTrusted = false;
  return async (input, init) => {
    // Read when it is needed: the environment may be what is wrong.
    if (!isTrusted) trust(readOwnAuthority(readEnvironment()));
    isTrusted = true;
    try {
      return await globalThis.fetch(input, init);
    } catch (cause) {
      const url = new URL(input instanceof Request ? input.url : input);
      if (url.protocol !== 'http:' || init?.signal?.aborted || !(await speaksTls(url, PROBE_MS))) throw cause;
      throw Object.assign(new Error(`${url.host} speaks TLS`, { cause }), { code: TLS_THERE });
    }
  };
}

/** `fetch` has no setting of its own for this; nothing but the command line's own requests goes through it. */
function trust(authority: string | undefined): void {
  if (authority !== undefined) setDefaultCACertificates([...getCACertificates('default'), authority]);
}
