import { lookup as lookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Failure } from '../kernel/failure.ts';

/** Of one name, all addresses in the resolver's order; `dns.lookup` but for tests. */
export type ResolveName = typeof lookupAddress;

/** An address that is not the fastest is looked at again once in so long: paths change with the hour. */
const LOOK_AGAIN_MS = 10 * 60_000;
/** Differences below this are chance: the resolver's order, which spreads the load, stands. */
const WORTH_MS = 5;

type Address = {
  /** How long the latest connection took to be made; infinite while there was none. */
  readonly connectMs: number;
  /** When it last came first, or was connected to. */
  readonly triedAt: number;
};
type Name = { readonly addresses: Map<string, Address>; lookedAgainAt: number };

/**
 * How long the addresses of a name took to connect. The fastest comes first, after it the others as the resolver has
 * them; when none answers they are all as good as unknown. Now and then the one that was not tried for longest comes
 * first once, so that the memory stays true: should it be dead, the next is tried beside it.
 */
export class AddressMemory {
  readonly #nowMs: () => number;
  readonly #names = new Map<string, Name>();

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** A connection was made to this address, in so long. */
  note(hostname: string, address: string, connectMs: number): void {
    const triedAt = this.#nowMs();
    const name = this.#names.get(hostname) ?? { addresses: new Map(), lookedAgainAt: triedAt };
    this.#names.set(hostname, name);
    name.addresses.set(address, { connectMs, triedAt });
  }

  /** No address of the name answered. */
  forget(hostname: string): void {
    this.#names.delete(hostname);
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
        const allowed = addresses.filter(({ address }) => mayConnect(address));
        const chosen = this.#choose(
          hostname,
          allowed.map(({ address }) => address),
        );
        const first = allowed.find(({ address }) => address === chosen) ?? allowed[0];
        if (first === undefined) callback(forbidden(hostname), '', 0);
        else if (options.all === true) callback(null, [first, ...allowed.filter((each) => each !== first)]);
        else callback(null, first.address, first.family);
      });
    };
  }

  #choose(hostname: string, allowed: readonly string[]): string | undefined {
    const name = this.#names.get(hostname);
    if (name === undefined) return undefined;
    const nowMs = this.#nowMs();
    const of = (address: string) =>
      name.addresses.get(address) ?? { connectMs: Number.POSITIVE_INFINITY, triedAt: Number.NEGATIVE_INFINITY };
    const fastest = allowed.reduce<string | undefined>(
      (best, each) => (best === undefined || of(each).connectMs + WORTH_MS < of(best).connectMs ? each : best),
      undefined,
    );
    if (nowMs - name.lookedAgainAt < LOOK_AGAIN_MS) return fastest;
    name.lookedAgainAt = nowMs;
    const longestAgo = allowed.reduce<string | undefined>(
      (best, each) => (best === undefined || of(each).triedAt < of(best).triedAt ? each : best),
      undefined,
    );
    // Its turn is over whatever comes of it; the connection, if it makes one, says how fast it is.
    if (longestAgo !== undefined) name.addresses.set(longestAgo, { ...of(longestAgo), triedAt: nowMs });
    return longestAgo;
  }
}

export function forbidden(host: string): Failure {
  return new Failure(
    'address_forbidden',
    `a remote's answer or what a pattern matched leads to ${host}, an address that only configuration may name (set "internal: true" on the endpoint to allow it)`,
  );
}
