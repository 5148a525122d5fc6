import fc from 'fast-check';
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
    '168.63.129.16',
    '192.0.0.192',
    'fd20:ce::254',
    '::ffff:0:127.0.0.1',
    '64:ff9b::127.0.0.1',
    '64:ff9b:1::1',
    '64:ff9b:1:ffff:ffff::a',
    '2002:7f00:1::1',
    '2002:a9fe:a9fe::',
    '2002:6464:64c8:1::5',
    '2001:0:7f00:1::f7f7:f7f7',
    '2001:0:808:808:0:0:8080:fffe',
    '2001:db8::5efe:127.0.0.1',
    '2001:db8::200:5efe:169.254.169.254',
    '::ffff:169.254.169.254%eth0',
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
    '64:ff9b:2::1',
    '2002:808:808::1',
    '2001:0:808:808:0:0:f7f7:f7f7',
    '2001:1::7f00:1',
    '2001:db8::5efe:8.8.8.8',
    '2001:db8::7f00:1',
  ])('but not %s', (address) => expect(isForbiddenAddress(address)).toBe(false));
});

describe('every IPv4 address of this machine', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const group = (high: number, low: number) => ((high << 8) | low).toString(16);

  it('is found in each form of IPv6 that holds it', () => {
    fc.assert(
      fc.property(octet, octet, octet, (b, c, d) => {
        const dotted = `127.${b}.${c}.${d}`;
        const [high, low] = [group(127, b), group(c, d)];
        const forms = [
          `::ffff:${dotted}`,
          `::ffff:${high}:${low}`,
          `0000:0000:0000:0000:0000:FFFF:${high}:${low}`,
          `64:ff9b::${dotted}`,
          `2002:${high}:${low}::1`,
          `2001:0:${high}:${low}::1`,
        ];
        for (const form of forms) expect(isForbiddenAddress(form), form).toBe(true);
      }),
    );
  });
});

describe('isForbiddenHost', () => {
  it.each(['localhost', 'LOCALHOST', 'a.localhost', 'localhost.', '127.0.0.1', '[::1]'])('%s', (host) =>
    expect(isForbiddenHost(host)).toBe(true),
  );
  it.each(['registry.example', 'notlocalhost', 'localhost.example', '10.1.2.3'])('but not %s', (host) =>
    expect(isForbiddenHost(host)).toBe(false),
  );
});
