const SHOWN_HEX = 12;

/** A digest as people compare them by eye: the algorithm and the first 12 hexadecimal digits. */
export function shortDigest(digest: string): string {
  const colon = digest.indexOf(':');
  return digest.slice(0, colon + 1 + SHOWN_HEX);
}
