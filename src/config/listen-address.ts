import { isIPv4, isIPv6 } from 'node:net';
import { Failure } from '../kernel/failure.ts';

/** Where to listen. `host` has no brackets; port 0 takes a free one. */
export type ListenAddress = { readonly host: string; readonly port: number };

const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/**
 * `127.0.0.1:8080`, `localhost:8080`, `[::1]:0`, or `:8080` for every IPv4 interface → host and port.
 * Throws `validation_failed` on anything else.
 */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? Number.NaN);
  const host = match?.[1] ?? (match?.[2] === '' ? '0.0.0.0' : match?.[2]);
  const hostFits = match?.[1] === undefined ? HOST_NAME.test(host ?? '') : isIPv6(match[1]);
  if (host === undefined || !hostFits || !(port <= 65_535)) {
    throw new Failure(
      'validation_failed',
      `${JSON.stringify(text.slice(0, 120))} is not an address to listen on, such as 127.0.0.1:8080, [::1]:8080 or :8080`,
    );
  }
  return { host, port };
}

/** Does this host (with or without brackets) only ever mean this machine? RFC 6761 section 6.3, RFC 1122, RFC 4291. */
export function isLoopbackHost(host: string): boolean {
  const bare = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
  if (bare === 'localhost' || bare.endsWith('.localhost')) return true;
  if (isIPv4(bare)) return bare.startsWith('127.');
  if (!isIPv6(bare) || bare.includes('%')) return false;
  // URL writes every spelling of an address in one way: `0:0::1` → `[::1]`, `::ffff:127.0.0.1` → `[::ffff:7f00:1]`.
  const canonical = new URL(`http://[${bare}]`).hostname;
  return canonical === '[::1]' || /^\[::ffff:7f[0-9a-f]{2}:/.test(canonical);
}
