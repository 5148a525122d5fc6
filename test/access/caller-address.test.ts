import { expect, test } from 'vitest';
import { callerNetwork, findCallerAddress, parseProxies } from '../../src/access/caller-address.ts';

const proxies = parseProxies(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);

test.each([
  ['a direct caller', '203.0.113.5', undefined, '203.0.113.5'],
  ['a direct caller that claims to be another', '203.0.113.5', '10.1.1.1', '203.0.113.5'],
  ['a caller behind a proxy', '10.0.0.1', '203.0.113.5', '203.0.113.5'],
  ['a caller behind two', '10.0.0.1', '203.0.113.5, 192.0.2.7', '203.0.113.5'],
  ['a caller behind a proxy that claims more', '10.0.0.1', '198.51.100.1, 203.0.113.5', '203.0.113.5'],
  ['a proxy that says nothing of use', '10.0.0.1', 'unknown', '10.0.0.1'],
  ['a proxy that asks for itself', '10.0.0.1', undefined, '10.0.0.1'],
  ['an address of both families', '::ffff:10.0.0.1', '::ffff:203.0.113.5', '203.0.113.5'],
  ['IPv6', 'fd00::1', '2001:db8::5', '2001:db8::5'],
])('%s', (_, remote, forwardedFor, expected) => {
  expect(findCallerAddress(remote, forwardedFor, proxies)).toBe(expected);
});

test('without proxies nothing that a request says of itself counts', () => {
  expect(findCallerAddress('10.0.0.1', '203.0.113.5', undefined)).toBe('10.0.0.1');
});

test.each([
  ['203.0.113.5', '203.0.113.5'],
  ['2001:db8:a:b:1:2:3:4', '2001:db8:a:b::/64'],
  ['2001:0DB8:a:b::9', '2001:db8:a:b::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::203.0.113.5', '64:ff9b:0:0::/64'],
  ['64:ff9b:1:2:3:4:203.0.113.5', '64:ff9b:1:2::/64'],
  ['', ''],
])('%s is counted as %s', (address, network) => {
  expect(callerNetwork(address)).toBe(network);
});
