import { BlockList, isIP } from 'node:net';

/**
 * Addresses where this host, its link and the metadata services of clouds live. Nothing that a registry names may
 * lead us there, or it could read what only this machine may read.
 * Sources: RFC 6890 (special-purpose addresses); metadata services of AWS (169.254.169.254, fd00:ec2::254) and
 * Alibaba Cloud (100.100.100.200).
 */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('0.0.0.0', 8, 'ipv4');
FORBIDDEN.addSubnet('127.0.0.0', 8, 'ipv4');
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4');
FORBIDDEN.addAddress('100.100.100.200', 'ipv4');
FORBIDDEN.addAddress('::', 'ipv6');
FORBIDDEN.addAddress('::1', 'ipv6');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6');

/** Prefixes of IPv6 addresses that stand for the IPv4 address in their last 32 bits: mapped, compatible, NAT64 (RFC 6052). */
const EMBEDDING = [
  [0, 0, 0, 0, 0, 0xffff],
  [0, 0, 0, 0, 0, 0],
  [0x64, 0xff9b, 0, 0, 0, 0],
];

/** Is this IP address loopback, link-local, unspecified or a metadata service? Text that is no IP address is forbidden too. */
export function isForbiddenAddress(address: string): boolean {
  const ip = address.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  const family = isIP(ip);
  if (family === 0) return true;
  if (family === 4) return FORBIDDEN.check(ip, 'ipv4');
  if (FORBIDDEN.check(ip, 'ipv6')) return true;
  const embedded = findEmbeddedIpv4(ip);
  return embedded !== undefined && FORBIDDEN.check(embedded, 'ipv4');
}

/** Does this host name, as it stands in a URL, mean such an address without being looked up? */
export function isForbiddenHost(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isIP(host) !== 0) return isForbiddenAddress(host);
  // RFC 6761, section 6.3: `localhost` and all below it are loopback.
  return /(?:^|\.)localhost\.?$/.test(host);
}

function findEmbeddedIpv4(ip: string): string | undefined {
  const groups = toGroups(ip);
  if (!EMBEDDING.some((prefix) => prefix.every((group, index) => groups[index] === group))) return undefined;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** A valid IPv6 address as its eight numbers; the URL parser writes every form the same way, in hexadecimal groups. */
function toGroups(ip: string): number[] {
  const canonical = new URL(`http://[${ip}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
}
