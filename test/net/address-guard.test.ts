import { describe, expect, it } from 'vitest';
import { isForbiddenAddress, isForbiddenHost } from '../../src/net/address-guard.ts';

describe('isForbiddenAddress', () => {
  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '::1',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fd00:ec2::254',
    '[::1]',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:169.254.169.254',
    '::127.0.0.1',
    '64:ff9b::169.254.169.254',
    '0:0:0:0:0:ffff:6464:64c8',
    'not an address',
    '',
  ])('%s', (address) => expect(isForbiddenAddress(address)).toBe(true));

  it.each([
    '8.8.8.8',
    '10.0.0.1',
    '192.168.1.1',
    '100.100.100.201',
    '128.0.0.1',
    '2001:db8::1',
    'fec0::1',
    'fd00:ec2::253',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ])('but not %s', (address) => expect(isForbiddenAddress(address)).toBe(false));
});

describe('isForbiddenHost', () => {
  it.each(['localhost', 'LOCALHOST', 'a.localhost', 'localhost.', '127.0.0.1', '[::1]'])('%s', (host) =>
    expect(isForbiddenHost(host)).toBe(true),
  );
  it.each(['registry.example', 'notlocalhost', 'localhost.example', '10.1.2.3'])('but not %s', (host) =>
    expect(isForbiddenHost(host)).toBe(false),
  );
});
