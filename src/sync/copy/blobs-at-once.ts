/**
 * Enough to hide the round trip between the chunks of each, and with one connection for questions four in all. A
 * provider that polices a long path answers more with loss and not with bytes.
 */
const LONG_PATH_BLOBS = 3;

/** How many blobs may cross to a registry at the same time, each over a connection of its own. */
export function blobsAtOnce(configured: number, isLongPath: boolean): number {
  return isLongPath ? Math.min(configured, LONG_PATH_BLOBS) : configured;
}
