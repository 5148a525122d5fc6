import { Agent, fetch } from 'undici';
import type { ClientIdentity } from '../kernel/client-identity.ts';

/** A `fetch` that shows a client certificate, which the one that comes with Node cannot. */
export function openIdentifiedFetch({ cert, key }: ClientIdentity): typeof globalThis.fetch {
  const dispatcher = new Agent({ connect: { cert, key: key.reveal() } });
  const identified: typeof fetch = (input, init) => fetch(input, { ...init, dispatcher });
  // The same standard, of two versions of one package: only the names of the types differ.
  return identified as unknown as typeof globalThis.fetch;
}
