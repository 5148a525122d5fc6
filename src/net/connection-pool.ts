import type { Dispatcher } from 'undici';
import type { Failure } from '../kernel/failure.ts';
import type { Connection } from './connection.ts';
import type { Connect } from './connector.ts';
import { SIBLING_WINDOW_MS, type Sibling, SiblingWatch } from './sibling-watch.ts';
import { Client } from './undici-core.ts';

/** What a request does to the path: a question is small both ways, the others carry a blob there or back. */
export type Traffic = 'question' | 'upload' | 'download';

export type PoolLimits = {
  /** Connections at once on a near path. */
  readonly questions: number;
  readonly blobs: number;
  /** How long sent bytes may stay unacknowledged, asked when a connection is taken: what is usual changes with the hour. */
  readonly stallMs?: () => number;
  /** Over how long an upload's connection is compared with the others. */
  readonly siblingWindowMs?: number;
};

/**
 * How many connections questions and uploads use together on a long path, where each needs round trips to come up to
 * speed and a policed line answers more of them with loss. One may always ask while uploads hold more than that.
 */
const LONG_PATH_CONNECTIONS = 4;

/** Idle connections are kept this long, less where the server says so: a new TLS connection costs three round trips of the border. */
const KEEP_ALIVE_MS = 30_000;

/** One connection, which is made when it is first used and again after it has been lost. */
export type Lane = {
  readonly client: Client;
  readonly traffic: Traffic | undefined;
  readonly connection: Connection | undefined;
};

type OwnLane = {
  client: Client;
  traffic: Traffic | undefined;
  connection: Connection | undefined;
  taker: Taker | undefined;
};
type Waiting = { readonly traffic: Traffic; readonly admit: () => void; readonly refuse: (reason: Failure) => void };

/** What becomes of a request: it gets a connection of its own, which `release` gives back, or the pool is closed. */
export type Taker = {
  begin(dispatcher: Dispatcher, release: () => void): void;
  refuse(reason: Failure): void;
  /** Does it wait for the far side to take what is to be sent? */
  readonly isHeldUp?: boolean;
  /** Ends it, because its connection is far slower than others. */
  replace?(): void;
};

/**
 * The connections to one origin, each for one exchange at a time, whatever it carries: an idle one, the last used
 * first, before a new one. A new connection over a long path is slow for its first second, so the one that asked what is there
 * goes on to carry the blob.
 */
export class ConnectionPool {
  readonly #origin: string;
  readonly #connect: Connect;
  readonly #limits: PoolLimits;
  readonly #lanes: OwnLane[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #siblings: SiblingWatch;
  readonly #lookEveryMs: number;
  #looking: NodeJS.Timeout | undefined;
  #isLongPath: boolean | undefined;

  constructor(origin: string, connect: Connect, limits: PoolLimits) {
    this.#origin = origin;
    this.#connect = connect;
    this.#limits = limits;
    const { siblingWindowMs = SIBLING_WINDOW_MS } = limits;
    this.#siblings = new SiblingWatch(siblingWindowMs, () => performance.now());
    this.#lookEveryMs = siblingWindowMs / 8;
  }

  /** As the latest connection found; undefined before there was one. */
  get isLongPath(): boolean | undefined {
    return this.#isLongPath;
  }

  get lanes(): readonly Lane[] {
    return this.#lanes;
  }

  /** A connection, now or when one is free. */
  take(traffic: Traffic, taker: Taker): { giveUp(): void } {
    const admit = () => {
      const lane = this.#lanes.findLast((each) => each.traffic === undefined) ?? this.#openLane();
      lane.traffic = traffic;
      lane.taker = taker;
      this.#limitSilence(lane);
      if (traffic === 'upload') this.#watchSiblings();
      let isReleased = false;
      taker.begin(lane.client, () => {
        if (isReleased) return;
        isReleased = true;
        lane.traffic = undefined;
        lane.taker = undefined;
        // The last used comes first: those that are not needed fall idle and are closed.
        this.#remove(lane);
        if (lane.connection === undefined) void lane.client.destroy();
        else this.#lanes.push(lane);
        this.#admitWaiting();
      });
    };
    if (this.#mayBegin(traffic)) {
      admit();
      return { giveUp: () => {} };
    }
    const waiting = { traffic, admit, refuse: taker.refuse };
    this.#waiting.push(waiting);
    return {
      giveUp: () => {
        const index = this.#waiting.indexOf(waiting);
        if (index >= 0) this.#waiting.splice(index, 1);
      },
    };
  }

  async destroy(reason: Failure): Promise<void> {
    clearInterval(this.#looking);
    for (const waiting of this.#waiting.splice(0)) waiting.refuse(reason);
    await Promise.all(this.#lanes.map(({ client }) => client.destroy(reason)));
  }

  #mayBegin(traffic: Traffic): boolean {
    const questions = this.#count('question');
    const uploads = this.#count('upload');
    if (traffic === 'download') return uploads + this.#count('download') < this.#limits.blobs;
    if (traffic === 'upload' && uploads + this.#count('download') >= this.#limits.blobs) return false;
    if (traffic === 'question' && questions >= this.#limits.questions) return false;
    if (this.#isLongPath === false) return true;
    // Uploads are bounded by whoever sends them; here questions make room for them.
    return questions + uploads < LONG_PATH_CONNECTIONS || questions < 1 || (traffic === 'upload' && questions <= 1);
  }

  /** As long as there are uploads. */
  #watchSiblings(): void {
    if (this.#looking !== undefined) return;
    this.#looking = setInterval(() => {
      if (this.#count('upload') === 0) {
        clearInterval(this.#looking);
        this.#looking = undefined;
      }
      this.#siblings.look(this.#lanes.flatMap(toSibling));
    }, this.#lookEveryMs);
    this.#looking.unref();
  }

  /**
   * Also on a near path: the kernel takes some megabytes whether or not the far side does, and without a limit of its own
   * it would go on offering them for a quarter of an hour.
   */
  #limitSilence({ connection }: OwnLane): void {
    const { stallMs } = this.#limits;
    if (stallMs !== undefined) connection?.limitSilence(stallMs());
  }

  #remove(lane: OwnLane): void {
    const index = this.#lanes.indexOf(lane);
    if (index >= 0) this.#lanes.splice(index, 1);
  }

  #count(traffic: Traffic): number {
    let count = 0;
    for (const lane of this.#lanes) if (lane.traffic === traffic) count += 1;
    return count;
  }

  /** Whoever waits longest, of those who may: a question is not held up by uploads that wait for a place. */
  #admitWaiting(): void {
    for (let index = 0; index < this.#waiting.length; ) {
      const waiting = this.#waiting[index];
      if (waiting === undefined) return;
      if (this.#mayBegin(waiting.traffic)) {
        this.#waiting.splice(index, 1);
        waiting.admit();
      } else index += 1;
    }
  }

  #openLane(): OwnLane {
    const connect = this.#connect((connection) => {
      lane.connection = connection;
      this.#limitSilence(lane);
      this.#isLongPath = connection.isLongPath;
      this.#admitWaiting();
    });
    const client = new Client(this.#origin, {
      allowH2: false,
      pipelining: 1,
      connect,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // The exchange watches its own phases, to the millisecond and knowing who waits for whom.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const lane: OwnLane = { client, traffic: undefined, connection: undefined, taker: undefined };
    client.on('disconnect', () => {
      lane.connection = undefined;
      if (lane.traffic !== undefined) return;
      this.#remove(lane);
      void client.destroy();
    });
    this.#lanes.push(lane);
    return lane;
  }
}

/** An upload whose bytes the kernel counts; without that nothing is known of what the far side has. */
function toSibling({ traffic, taker, connection }: OwnLane): Sibling[] {
  const info = traffic === 'upload' ? connection?.findTcpInfo() : undefined;
  if (taker === undefined || connection === undefined || info === undefined) return [];
  const { acknowledgedBytes, unsentBytes, unacknowledgedPackets } = info;
  // A registry that has all of a chunk and does not answer yet is busy; that says nothing of the connection.
  const isUnderWay = unsentBytes > 0 || unacknowledgedPackets > 0;
  const isHeldUp = isUnderWay && taker.isHeldUp === true;
  return [{ connection, exchange: taker, acknowledgedBytes, isHeldUp, replace: () => taker.replace?.() }];
}
