import { connect, createServer, type Server, type Socket } from 'node:net';
import { seededRandom } from '../../bench/statistics/random.ts';
import { DelayLine } from './delay-line.ts';
import { TokenBucket, type Unsteadiness } from './token-bucket.ts';

export type DistanceShimOptions = {
  readonly target: { readonly host: string; readonly port: number };
  /** How long every byte is on its way, one way. */
  readonly delayMs: number;
  /** Up to so much more, differently for each piece; order is kept all the same. */
  readonly jitterMs?: number;
  /** What the link carries in each direction, all its connections together. Unlimited by default. */
  readonly bytesPerSecond?: number;
  /** What goes towards the target is slow now and then. */
  readonly unsteady?: Unsteadiness;
  /** Resets one connection, once, after about so many bytes (between half of it and one and a half times as many) went towards the target. */
  readonly resetAfterBytes?: number;
  /** The same seed makes the same jitter and the same reset. */
  readonly seed: number;
  readonly listen?: { readonly host: string; readonly port: number };
};

export type DistanceShimStats = {
  /** Connections taken so far, and those open now. */
  connections: number;
  open: number;
  bytesToTarget: number;
  bytesFromTarget: number;
  resets: number;
};

/** A TCP proxy that puts a distance between a client and its target. */
export type DistanceShim = {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly stats: Readonly<DistanceShimStats>;
  /** The link breaks: open connections are reset, new ones too, until `mend`. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
};

/** One-way trips until the first byte of a connection arrives: there and back for TCP's handshake, then its own. */
const FIRST_BYTE_TRIPS = 3;
const MIN_WINDOW_BYTES = 64 * 1024;
const MAX_WINDOW_BYTES = 8 * 1024 * 1024;
const RANDOM_STEPS = 2 ** 32;

export async function openDistanceShim(options: DistanceShimOptions): Promise<DistanceShim> {
  const { target, delayMs, jitterMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY, seed } = options;
  const below = seededRandom(seed);
  const random = () => below(RANDOM_STEPS) / RANDOM_STEPS;
  const there = new TokenBucket(bytesPerSecond, options.unsteady);
  const back = new TokenBucket(bytesPerSecond);
  const stats: DistanceShimStats = { connections: 0, open: 0, bytesToTarget: 0, bytesFromTarget: 0, resets: 0 };
  const sockets = new Set<Socket>();
  let resetAtBytes =
    options.resetAfterBytes === undefined ? Number.POSITIVE_INFINITY : options.resetAfterBytes * (0.5 + random());
  let isCut = false;

  const nextDelayMs = () => delayMs + jitterMs * random();
  const linesThere = new Set<DelayLine>();
  const linesBack = new Set<DelayLine>();
  // What the link holds on its way, shared by those who use it now (idle connections hold nothing): a sender must feel
  // the distance, not fill a buffer here.
  const windowBytes = (lines: ReadonlySet<DelayLine>) => {
    if (bytesPerSecond === Number.POSITIVE_INFINITY) return MAX_WINDOW_BYTES;
    let busy = 0;
    for (const line of lines) if (line.isBusy) busy += 1;
    const held = (bytesPerSecond * (2 * delayMs + jitterMs)) / 1_000 / Math.max(1, busy);
    return Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, held));
  };
  const carry = (near: Socket): void => {
    stats.connections += 1;
    if (isCut) {
      near.on('error', () => {});
      near.resetAndDestroy();
      return;
    }
    stats.open += 1;
    const far = connect({ host: target.host, port: target.port, noDelay: true, allowHalfOpen: true });
    near.setNoDelay(true);
    for (const socket of [near, far]) {
      sockets.add(socket);
      // A reset on one side is a reset on the other; anything else travels as an ordinary end.
      socket.on('error', () => (socket === near ? far : near).resetAndDestroy());
      socket.on('close', () => sockets.delete(socket));
    }
    const lineThere = new DelayLine(near, far, {
      nextDelayMs,
      windowBytes: () => windowBytes(linesThere),
      link: there,
      firstDelayMs: FIRST_BYTE_TRIPS * delayMs,
      onArrived: (sizeBytes) => {
        stats.bytesToTarget += sizeBytes;
        if (stats.bytesToTarget < resetAtBytes) return;
        resetAtBytes = Number.POSITIVE_INFINITY;
        stats.resets += 1;
        near.resetAndDestroy();
        far.resetAndDestroy();
      },
    });
    const lineBack = new DelayLine(far, near, {
      nextDelayMs,
      windowBytes: () => windowBytes(linesBack),
      link: back,
      firstDelayMs: 0,
      onArrived: (sizeBytes) => {
        stats.bytesFromTarget += sizeBytes;
      },
    });
    linesThere.add(lineThere);
    linesBack.add(lineBack);
    near.once('close', () => {
      stats.open -= 1;
      linesThere.delete(lineThere);
      linesBack.delete(lineBack);
      lineThere.close();
      lineBack.close();
      far.destroy();
    });
    far.once('close', () => {
      // What is still on its way back arrives, unless the connection was reset.
      if (far.errored !== null || !far.readableEnded) near.destroy();
    });
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, carry);
  await listen(server, options.listen ?? { host: '127.0.0.1', port: 0 });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const host = options.listen?.host ?? '127.0.0.1';
  const resetAll = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: `http://${host}:${port}`,
    host,
    port,
    stats,
    cut: () => {
      isCut = true;
      resetAll();
    },
    mend: () => {
      isCut = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        resetAll();
      }),
  };
}

function listen(server: Server, at: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
