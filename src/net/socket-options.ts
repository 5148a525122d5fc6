import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { parseTcpInfo, TCP_INFO_BYTES, type TcpInfo } from './tcp-info.ts';

// Numbers of <netinet/in.h> and <linux/tcp.h>, the same on every Linux architecture.
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const TCP_CONGESTION = 13;
const TCP_USER_TIMEOUT = 18;
const TCP_NOTSENT_LOWAT = 25;

const MAX_INT = 2 ** 31 - 1;

/** Longest name of a congestion control algorithm (TCP_CA_NAME_MAX). */
const ALGORITHM_NAME_BYTES = 16;

/**
 * The kernel's options of TCP sockets that Node has no API for, set through libc. Every method is best effort: where
 * the system or the kernel does not offer something it answers undefined or false, and the connection works without.
 *
 * The file descriptor is a private member of Node's sockets; this is the one place that knows it.
 */
export type SocketOptions = {
  /** What the kernel knows of the connection; undefined where it does not say. */
  findTcpInfo(socket: Socket): TcpInfo | undefined;
  findCongestionControl(socket: Socket): string | undefined;
  /** False when the kernel does not have the algorithm or does not allow it (net.ipv4.tcp_allowed_congestion_control). */
  setCongestionControl(socket: Socket, algorithm: string): boolean;
  /** How long sent bytes may stay unacknowledged before the kernel ends the connection (RFC 5482). */
  setUserTimeout(socket: Socket, ms: number): boolean;
  /** How many unsent bytes the kernel takes before it calls the socket full. */
  setNotSentLowWater(socket: Socket, bytes: number): boolean;
};

type Libc = {
  setsockopt(fd: number, level: number, option: number, value: Buffer, bytes: number): number;
  getsockopt(fd: number, level: number, option: number, value: Buffer, bytes: [number]): number;
};

export function openSocketOptions(): SocketOptions {
  const set = (socket: Socket, option: number, value: Buffer): boolean => {
    const fd = findDescriptor(socket);
    return fd !== undefined && findLibc()?.setsockopt(fd, IPPROTO_TCP, option, value, value.byteLength) === 0;
  };
  const get = (socket: Socket, option: number, maxBytes: number): Buffer | undefined => {
    const fd = findDescriptor(socket);
    const value = Buffer.alloc(maxBytes);
    const bytes: [number] = [maxBytes];
    if (fd === undefined || findLibc()?.getsockopt(fd, IPPROTO_TCP, option, value, bytes) !== 0) return undefined;
    return value.subarray(0, bytes[0]);
  };
  return {
    findTcpInfo(socket) {
      const bytes = get(socket, TCP_INFO, TCP_INFO_BYTES);
      return bytes === undefined ? undefined : parseTcpInfo(bytes);
    },
    findCongestionControl: (socket) =>
      get(socket, TCP_CONGESTION, ALGORITHM_NAME_BYTES)?.toString('latin1').replace(/\0.*$/s, ''),
    setCongestionControl: (socket, algorithm) => set(socket, TCP_CONGESTION, Buffer.from(algorithm, 'latin1')),
    setUserTimeout: (socket, ms) => set(socket, TCP_USER_TIMEOUT, toInt(Math.min(ms, MAX_INT))),
    setNotSentLowWater: (socket, bytes) => set(socket, TCP_NOTSENT_LOWAT, toInt(bytes)),
  };
}

function toInt(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function findDescriptor(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}

let libc: Libc | null | undefined;

/** libc through koffi, loaded at the first connection; undefined where that cannot be (not Linux, no binary for it). */
function findLibc(): Libc | undefined {
  if (libc === undefined) {
    libc = null;
    try {
      if (process.platform === 'linux') libc = openLibc();
    } catch {
      // Without it connections keep the system's defaults.
    }
  }
  return libc ?? undefined;
}

function openLibc(): Libc {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const library = koffi.load(null);
  return {
    setsockopt: library.func('int setsockopt(int, int, int, const uint8_t *, uint32_t)'),
    getsockopt: library.func('int getsockopt(int, int, int, _Out_ uint8_t *, _Inout_ uint32_t *)'),
  };
}
