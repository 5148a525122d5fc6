import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load-config.ts';

const WORLD = `
registries: { aliyun: { kind: oci, role: home, region: cn-beijing, url: "http://127.0.0.1:1" } }
sites: { beijing: { service: true } }
`;

describe('access', () => {
  test('is closed by default, and says how much one may ask', () => {
    expect(parseConfig(WORLD, '/r.yaml').access).toEqual({
      anonymous: 'none',
      metrics: 'token',
      limits: {
        requestsPerSecond: 500,
        resolvesPerSecond: 20_000,
        doorRequestsPerSecond: 2_000,
        failedLoginsPerMinute: 60,
      },
      proxies: [],
      oidc: [],
      auditMs: 400 * 24 * 3_600_000,
    });
  });

  test('is as it is written', () => {
    const access =
      'access: { anonymous: read, metrics: open, proxies: [10.0.0.0/8, "fd00::/8", 192.0.2.1], audit: 30d, limits: { resolvesPerSecond: 1000 } }';
    expect(parseConfig(`${WORLD}${access}`, '/r.yaml').access).toMatchObject({
      anonymous: 'read',
      metrics: 'open',
      proxies: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'],
      auditMs: 30 * 24 * 3_600_000,
      limits: { resolvesPerSecond: 1_000, requestsPerSecond: 500 },
    });
  });

  test.each([
    ['anonymous callers that write', 'anonymous: write', 'access.anonymous'],
    ['a proxy that is no address', 'proxies: [balancer]', 'access.proxies[0]'],
    ['a network that is too narrow', 'proxies: [10.0.0.0/33]', 'access.proxies[0]'],
    ['fewer resolves than clusters need', 'limits: { resolvesPerSecond: 999 }', 'access.limits.resolvesPerSecond'],
  ])('%s are refused', (_, text, path) => {
    expect(() => parseConfig(`${WORLD}access: { ${text} }`, '/r.yaml')).toThrow(path);
  });
});
