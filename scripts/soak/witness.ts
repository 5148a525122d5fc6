import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';

/** What was seen of one upload session on the last stretch before the service. Instants are milliseconds of one clock. */
export type SeenSession = {
  /** When the first answer that names it was handed to the service's connection. */
  readonly deliveredAt: number;
  /** Did the service ever name it in a request? */
  isUsed: boolean;
  /** When the connection that brought the answer ended, or null while it is open. */
  connectionEndedAt: number | null;
  /** Did that connection end while the service had not yet read what had come over it? */
  wasUnread: boolean;
};

/**
 * A bare TCP proxy right before the service, which remembers which upload sessions it has told the service of. It
 * reads the wire and shares nothing with registry or service, so it can bear witness to what the service may know.
 */
export type Witness = {
  readonly url: string;
  readonly address: string;
  /** By the id in the session's address. */
  readonly sessions: ReadonlyMap<string, SeenSession>;
  close(): Promise<void>;
};

const SESSION = /\/blobs\/uploads\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/g;
/** An address may be cut anywhere: so much of a piece is looked at again with the next. */
const TAIL_BYTES = 64;
const MARK = Buffer.from('/blobs/uploads/');

export async function openWitness(target: { readonly host: string; readonly port: number }): Promise<Witness> {
  const sessions = new Map<string, SeenSession>();
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
    const far = connect({ host: target.host, port: target.port, noDelay: true, allowHalfOpen: true });
    const told: SeenSession[] = [];
    const findAsked = sessionFinder();
    const findTold = sessionFinder();
    pass(near, far, (piece) => {
      for (const id of findAsked(piece)) {
        const session = sessions.get(id);
        if (session !== undefined) session.isUsed = true;
      }
    });
    pass(far, near, (piece) => {
      for (const id of findTold(piece)) {
        if (sessions.has(id)) continue;
        const session: SeenSession = {
          deliveredAt: performance.now(),
          isUsed: false,
          connectionEndedAt: null,
          wasUnread: false,
        };
        sessions.set(id, session);
        told.push(session);
      }
    });
    let isUnread = false;
    // A reset on one side is a reset on the other; anything else travels as an ordinary end.
    near.on('error', (error: NodeJS.ErrnoException) => {
      // A process that dies with unread bytes resets its connections, else it ends them (RFC 2525, section 2.17).
      if (error.code === 'ECONNRESET' && !near.readableEnded) isUnread = true;
      far.resetAndDestroy();
    });
    far.on('error', () => {
      isUnread = hasUnreadBytes(near);
      near.resetAndDestroy();
    });
    for (const socket of [near, far]) {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    }
    near.once('close', () => {
      for (const session of told) Object.assign(session, { connectionEndedAt: performance.now(), wasUnread: isUnread });
      far.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const at = server.address();
  const port = typeof at === 'object' && at !== null ? at.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    address: `127.0.0.1:${port}`,
    sessions,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.resetAndDestroy();
      }),
  };
}

/** Lie bytes at the other end of a loopback connection that nobody has read? Linux tells of both ends (proc_net_tcp). */
function hasUnreadBytes({ localPort = 0, remotePort = 0 }: Socket): boolean {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');
  const theirs = new RegExp(`[0-9A-F]+:${hex(remotePort)} [0-9A-F]+:${hex(localPort)} .. [0-9A-F]+:([0-9A-F]+) `);
  const [, waiting = '0'] = theirs.exec(readFileSync('/proc/net/tcp', 'utf8')) ?? [];
  return Number.parseInt(waiting, 16) > 0;
}

function pass(from: Socket, to: Socket, look: (piece: Buffer) => void): void {
  from.on('data', (piece: Buffer) => {
    look(piece);
    if (!to.write(piece)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.on('end', () => to.end());
}

/** Finds the ids of sessions in a stream, also where a piece ends within one. */
function sessionFinder(): (piece: Buffer) => string[] {
  let tail = Buffer.alloc(0);
  return (piece) => {
    const text = Buffer.concat([tail, piece]);
    tail = Buffer.from(text.subarray(-TAIL_BYTES));
    return text.includes(MARK) ? [...text.toString('latin1').matchAll(SESSION)].map(([, id = '']) => id) : [];
  };
}
