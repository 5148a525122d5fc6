import type { Connection } from '../net/connection.ts';
import type { HttpClient } from '../net/http-client.ts';
import { Parallelism } from '../sync/copy/parallelism.ts';
import type { Slots } from '../sync/copy/slots.ts';

/** How often it is looked how much was acknowledged: some tens of round trips of the longest paths. */
const LOOK_EVERY_MS = 5_000;

/**
 * The way to one registry as its connections find it: how long it is, how much goes through, and how often the registry
 * refuses. Keeps the places for its blobs as many as that makes them worth.
 */
export class RegistryPath {
  readonly #origin: string;
  readonly #slots: Slots;
  readonly #parallelism: Parallelism;
  readonly #connections = new Map<Connection, number>();
  readonly #looking: NodeJS.Timeout;
  #isLongPath = false;
  #congestionControl: string | null = null;

  constructor(origin: string, slots: Slots, most: number) {
    this.#origin = origin;
    this.#slots = slots;
    this.#parallelism = new Parallelism(most);
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#looking.unref();
  }

  get isLongPath(): boolean {
    return this.#isLongPath;
  }

  /** Of the latest connection; null before there was one, and where the kernel does not say. */
  get congestionControl(): string | null {
    return this.#congestionControl;
  }

  connected(connection: Connection): void {
    // Where the registry sends us to for its blobs is another path.
    if (connection.origin !== this.#origin) return;
    this.#isLongPath = connection.isLongPath;
    this.#connections.set(connection, 0);
    const congestionControl = connection.findCongestionControl();
    this.#congestionControl = congestionControl ?? null;
    this.#parallelism.connected({ isLongPath: connection.isLongPath, congestionControl });
    this.#slots.resize(this.#parallelism.places);
  }

  /** The registry's HTTP, with an ear for what it refuses. */
  watch(http: HttpClient): HttpClient {
    return {
      request: async (request) => {
        const response = await http.request(request);
        // 501 is no refusal for now: the registry does not have what it was asked for.
        if (response.status === 429 || (response.status >= 500 && response.status !== 501)) {
          this.#parallelism.refused();
          this.#slots.resize(this.#parallelism.places);
        }
        return response;
      },
      close: () => http.close(),
    };
  }

  close(): void {
    clearInterval(this.#looking);
  }

  #look(): void {
    let bytes = 0;
    for (const [connection, before] of this.#connections) {
      const acknowledged = connection.findTcpInfo()?.acknowledgedBytes;
      if (acknowledged === undefined) this.#connections.delete(connection);
      else {
        bytes += acknowledged - before;
        this.#connections.set(connection, acknowledged);
      }
    }
    this.#parallelism.measured({
      bytesPerSecond: (bytes * 1_000) / LOOK_EVERY_MS,
      isWanted: this.#slots.isWanted,
    });
    this.#slots.resize(this.#parallelism.places);
  }
}
