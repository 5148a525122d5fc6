import { BlockList, isIP } from 'node:net';

/**
 * Addresses where this host, its link and the metadata services of clouds live. Nothing that a registry names may
 * lead us there, or it could read what only this machine may read.
 * Sources: RFC 6890 (special-purpose addresses) and what the clouds document: metadata services of AWS
 * (169.254.169.254, fd00:ec2::254), Alibaba Cloud (100.100.100.200), Google Cloud (fd20:ce::254) and Oracle Cloud
 * (192.0.0.192), the virtual host of Azure (168.63.129.16). What a NAT64 for local use (RFC 8215) makes of an address
 * is known to that network alone, so all of its prefix is kept out.
 */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('0.0.0.0', 8, 'ipv4');
FORBIDDEN.addSubnet('127.0.0.0', 8, 'ipv4');
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4');
FORBIDDEN.addAddress('100.100.100.200', 'ipv4');
FORBIDDEN.addAddress('168.63.129.16', 'ipv4');
FORBIDDEN.addAddress('192.0.0.192', 'ipv4');
FORBIDDEN.addAddress('::', 'ipv6');
FORBIDDEN.addAddress('::1', 'ipv6');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6');
FORBIDDEN.addAddress('fd20:ce::254', 'ipv6');
FORBIDDEN.addSubnet('64:ff9b:1::', 48, 'ipv6');

/** Forms of IPv6 addresses that stand for an IPv4 address: which of the eight groups say so, and where it stands. */
type Embedding = { readonly when: Readonly<Record<number, number>>; readonly at: number; readonly inverted?: boolean };

const EMBEDDINGS: readonly Embedding[] = [
  // RFC 4291, section 2.5.5: mapped and compatible; RFC 2765, section 2.1: translated.
  { when: { 0: 0, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0xffff }, at: 6 },
  { when: { 0: 0, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 }, at: 6 },
  { when: { 0: 0, 1: 0, 2: 0, 3: 0, 4: 0xffff, 5: 0 }, at: 6 },
  // RFC 6052, section 2.1: NAT64.
  { when: { 0: 0x64, 1: 0xff9b, 2: 0, 3: 0, 4: 0, 5: 0 }, at: 6 },
  // RFC 3056, section 2: 6to4.
  { when: { 0: 0x2002 }, at: 1 },
  // RFC 4380, section 4: Teredo, the server as it is and the client inverted.
  { when: { 0: 0x2001, 1: 0 }, at: 2 },
  { when: { 0: 0x2001, 1: 0 }, at: 6, inverted: true },
  // RFC 5214, section 6.1: ISATAP, with the universal bit either way.
  { when: { 4: 0, 5: 0x5efe }, at: 6 },
  { when: { 4: 0x200, 5: 0x5efe }, at: 6 },
];

/** Is this IP address loopback, link-local, unspecified or a metadata service? Text that is no IP address is forbidden too. */
export function isForbiddenAddress(address: string): boolean {
  const ip = address.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  const family = isIP(ip);
  if (family === 0) return true;
  if (family === 4) return FORBIDDEN.check(ip, 'ipv4');
  if (FORBIDDEN.check(ip, 'ipv6')) return true;
  return embeddedIpv4(ip).some((embedded) => FORBIDDEN.check(embedded, 'ipv4'));
}

/** Does this host name, as it stands in a URL, mean such an address without being looked up? */
export function isForbiddenHost(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isIP(host) !== 0) return isForbiddenAddress(host);
  // RFC 6761, section 6.3: `localhost` and all below it are loopback.
  return /(?:^|\.)localhost\.?$/.test(host);
}

function embeddedIpv4(ip: string): string[] {
  const groups = toGroups(ip);
  return EMBEDDINGS.filter(({ when }) =>
    Object.entries(when).every(([index, group]) => groups[Number(index)] === group),
  ).map(({ at, inverted = false }) =>
    groups
      .slice(at, at + 2)
      .map((group) => (inverted ? ~group & 0xffff : group))
      .flatMap((group) => [group >> 8, group & 0xff])
      .join('.'),
  );
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
