import type { Socket } from 'node:net';
import { openSocketOptions, type SocketOptions } from './socket-options.ts';

/**
 * What is asked of the kernel for sending over a long path: BBR measures the path instead of taking each lost packet
 * for congestion, which on a lossy border link is the difference between a few percent of its rate and nearly all of it.
 */
const LONG_PATH_ALGORITHM = 'bbr';

/** Below this the path is a local one, where the system's own choice is right and pacing only costs. */
const LONG_PATH_MS = 3;

/** Enough for the kernel to send without pause, little enough that what it holds back says nothing false of progress. */
const UNSENT_BYTES = 512 * 1024;

const options: SocketOptions = openSocketOptions();
/** Asked once: what the kernel refuses once it refuses always. */
let isAllowed: boolean | undefined;

/**
 * Sets a fresh connection up for the path that it is on, and says whether that is a long one. Best effort: whatever the
 * kernel does not offer is left as it is, and a path that it does not measure counts as short.
 * `congestionControl` instead of what suits the path is for those who measure the path itself.
 */
export function tuneSocket(socket: Socket, congestionControl?: string): { readonly isLongPath: boolean } {
  if (congestionControl !== undefined) options.setCongestionControl(socket, congestionControl);
  const info = options.findTcpInfo(socket);
  if (info === undefined || info.roundTripMs < LONG_PATH_MS) return { isLongPath: false };
  if (congestionControl === undefined && isAllowed !== false)
    isAllowed = options.setCongestionControl(socket, LONG_PATH_ALGORITHM);
  options.setNotSentLowWater(socket, UNSENT_BYTES);
  return { isLongPath: true };
}
