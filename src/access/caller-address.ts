import { BlockList, isIP } from 'node:net';

/** Addresses of proxies, each alone or as a network: `10.0.0.0/8`. Throws for what is neither. */
export function parseProxies(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [address = '', bits] = text.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/**
 * Where a call comes from. `X-Forwarded-For` is believed only of the proxies that the configuration names, and only as
 * far as they handed it on: from its right end to the first address that is none of theirs.
 */
export function findCallerAddress(
  remote: string | undefined,
  forwardedFor: string | undefined,
  proxies: BlockList | undefined,
): string {
  let address = plainAddress(remote ?? '');
  if (proxies === undefined || forwardedFor === undefined) return address;
  for (const hop of forwardedFor.split(',').reverse()) {
    if (!isProxy(address, proxies)) return address;
    const next = plainAddress(hop.trim());
    if (isIP(next) === 0) return address;
    address = next;
  }
  return address;
}

function isProxy(address: string, proxies: BlockList): boolean {
  const version = isIP(address);
  return version !== 0 && proxies.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

/** An IPv4 address as itself, also where a socket of both families writes it as IPv6 (RFC 4291, section 2.5.5.2). */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

/** Whom an address stands for where callers are counted: of IPv6 its network of 64 bits, within which a host takes any (RFC 4291, section 2.5.1). */
export function callerNetwork(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail = ''] = address.replace(/%.*$/, '').split('::');
  const before = head.split(':').filter((group) => group !== '');
  const after = tail.split(':').filter((group) => group !== '');
  // An IPv4 address at the end stands for two groups; then there are zeros before it, or all six are written out.
  const missing = 8 - before.length - after.length - (address.includes('.') ? 1 : 0);
  const groups = [...before, ...Array.from({ length: Math.max(missing, 0) }, () => '0'), ...after].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
