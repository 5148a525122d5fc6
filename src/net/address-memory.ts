import { lookup as lookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Failure } from '../kernel/failure.ts';

/** Of one name, all addresses in the resolver's order; `dns.lookup` but for tests. */
export type ResolveName = typeof lookupAddress;

/**
 * Which address of a name answered last. It comes first from then on: with a dead one before it, each new connection
 * would lose the seconds after which the next is tried beside it.
 */
export class AddressMemory {
  readonly #answered = new Map<string, string>();

  note(hostname: string, address: string | undefined): void {
    if (address === undefined) this.#answered.delete(hostname);
    else this.#answered.set(hostname, address);
  }

  /**
   * Looks names up for sockets. They are resolved once, here, and the socket connects to what was let pass.
   */
  lookup(mayConnect: (address: string) => boolean, resolve: ResolveName = lookupAddress): LookupFunction {
    return (hostname, options, callback) => {
      resolve(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) {
          callback(error, '', 0);
          return;
        }
        const answered = this.#answered.get(hostname);
        const allowed = addresses
          .filter(({ address }) => mayConnect(address))
          .sort((a, b) => Number(b.address === answered) - Number(a.address === answered));
        const [first] = allowed;
        if (first === undefined) callback(forbidden(hostname), '', 0);
        else if (options.all === true) callback(null, allowed);
        else callback(null, first.address, first.family);
      });
    };
  }
}

export function forbidden(host: string): Failure {
  return new Failure(
    'address_forbidden',
    `a remote's answer leads to ${host}, an address that only configuration may name (set "internal: true" on the endpoint to allow it)`,
  );
}
