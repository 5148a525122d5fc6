import type { Clock } from '../../kernel/clock.ts';
import type { Connection } from '../../net/connection.ts';
import type { TcpInfo } from '../../net/tcp-info.ts';
import { BODY_BYTES, oneAlgorithm } from '../probes/connection-totals.ts';
import { INTERVAL_MS, spreadOver } from '../probes/interval-meter.ts';
import { watchLocalLoad } from '../probes/local-load.ts';

/** After ten minutes a spell is one sample, and what follows is another: memory stays bounded. */
const MOST_INTERVALS = 2_400;

/** What was seen of the connections to one registry while transfers sent over them. */
export type SpellSeen = {
  readonly at: number;
  readonly intervalBytes: readonly number[];
  readonly connections: number;
  readonly congestionControl: string | null;
  readonly retransmittedBytes: number;
  /** Share of the intervals at whose end the kernel had bytes that it could not send yet: the path was the bottleneck. */
  readonly heldUpShare: number;
  readonly localLoad: number | null;
};

type Watched = {
  readonly first: TcpInfo;
  readonly algorithm: string | null;
  last: TcpInfo;
};

/**
 * Reads the kernel's word (TCP_INFO, some microseconds each) of every connection of a registry four times a second, for
 * as long as transfers send. Intervals in which nothing moved and nothing was under way are left out: the transfer had
 * nothing to send, and that says nothing of the path.
 */
export class FlowWatch {
  readonly #clock: Clock;
  readonly #connections: () => Iterable<Connection>;
  readonly #stopping = new AbortController();
  /** Those that are open: each holds its socket, with all that hangs on it. */
  readonly #watched = new Map<Connection, Watched>();
  /** What is known of closed ones that carried something. */
  readonly #closed: Watched[] = [];
  readonly #intervals: number[] = [];
  readonly #at: number;
  readonly #findLoad = watchLocalLoad();
  readonly #running: Promise<void>;
  readonly #filled = Promise.withResolvers<void>();
  #heldUp = 0;
  #reads = 0;
  #lastMs: number;
  #isUnderWay = false;

  constructor(clock: Clock, connections: () => Iterable<Connection>) {
    this.#clock = clock;
    this.#connections = connections;
    this.#at = clock.nowMs();
    this.#lastMs = clock.elapsedMs();
    this.#read();
    this.#running = this.#run();
  }

  /** Resolves when it takes no more; never where it is stopped before. */
  get filled(): Promise<void> {
    return this.#filled.promise;
  }

  /** A connection counts from here on: tell it when it is made, or what it moves before the next reading is lost. */
  note(connection: Connection): void {
    const info = connection.findTcpInfo();
    if (info === undefined || this.#watched.has(connection)) return;
    this.#watched.set(connection, { first: info, last: info, algorithm: connection.findCongestionControl() ?? null });
  }

  async stop(): Promise<SpellSeen> {
    this.#stopping.abort();
    await this.#running;
    const carrying = [...this.#closed, ...[...this.#watched.values()].filter(hasCarried)];
    return {
      at: this.#at,
      intervalBytes: this.#intervals,
      connections: carrying.length,
      congestionControl: oneAlgorithm(carrying),
      retransmittedBytes: carrying.reduce(
        (sum, { first, last }) => sum + last.retransmittedBytes - first.retransmittedBytes,
        0,
      ),
      heldUpShare: this.#reads === 0 ? 0 : this.#heldUp / this.#reads,
      localLoad: this.#findLoad(),
    };
  }

  get #isFull(): boolean {
    return this.#intervals.length >= MOST_INTERVALS;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted && !this.#isFull) {
      await this.#clock.sleep(INTERVAL_MS, signal).catch(() => {});
      this.#beat();
    }
    if (this.#isFull) this.#filled.resolve();
  }

  #beat(): void {
    // A beat that comes late stands for all that were missed, as in samples; less than half of one waits for the next.
    const nowMs = this.#clock.elapsedMs();
    const beats = Math.round((nowMs - this.#lastMs) / INTERVAL_MS);
    if (beats < 1) return;
    this.#lastMs = nowMs;
    const wasUnderWay = this.#isUnderWay;
    const { bytes, unsentBytes } = this.#read();
    if (bytes === 0 && !wasUnderWay && !this.#isUnderWay) return;
    this.#reads += 1;
    if (unsentBytes > 0) this.#heldUp += 1;
    this.#intervals.push(...spreadOver(beats, bytes).slice(0, MOST_INTERVALS - this.#intervals.length));
  }

  #read(): { readonly bytes: number; readonly unsentBytes: number } {
    let [bytes, unsentBytes, underWay] = [0, 0, 0];
    for (const connection of new Set([...this.#watched.keys(), ...this.#connections()])) {
      const info = connection.findTcpInfo();
      const known = this.#watched.get(connection);
      if (info === undefined) {
        this.#watched.delete(connection);
        if (known !== undefined && hasCarried(known)) this.#closed.push(known);
        continue;
      }
      if (known === undefined) this.note(connection);
      else {
        bytes += Math.max(0, info.acknowledgedBytes - known.last.acknowledgedBytes);
        known.last = info;
      }
      unsentBytes += info.unsentBytes;
      underWay += info.unacknowledgedPackets;
    }
    this.#isUnderWay = underWay > 0 || unsentBytes > 0;
    return { bytes, unsentBytes };
  }
}

function hasCarried({ first, last }: Watched): boolean {
  return last.acknowledgedBytes - first.acknowledgedBytes >= BODY_BYTES;
}
