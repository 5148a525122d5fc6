import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig, parseConfig } from '../../src/config/load-config.ts';
import { getFailure, listMistakes, registryConfig, smallConfig } from './config-mistakes.ts';
import { makeTempFolder } from './temp-folder.ts';

const EXAMPLE = `
registries:
  aliyun-beijing: { kind: acr, role: home, region: cn-beijing, url: "https://web3d-registry.cn-beijing.cr.aliyuncs.com", prefix: web3d,
                    credentials: { username: "env:ACR_USERNAME", password: "env:ACR_PASSWORD" } }
  singapore:      { kind: ecr, role: relay, region: ap-southeast-1, url: "https://123456789012.dkr.ecr.ap-southeast-1.amazonaws.com" }
  lab-korea:      { kind: oci, role: relay, region: ap-northeast-2, url: "http://127.0.0.1:5003" }
sources:
  harbor.bj: { url: "https://harbor.bj.example", credentials: { dockerConfig: "file:/etc/entrepot/docker.json" } }
sites:    { beijing: { service: true }, us-east: {} }
clusters:
  cn-prod:      { site: beijing, pulls: home }
  us-east-prod: { site: us-east, pulls: choice }
choices:  { "*": singapore }
`;

describe('a valid file', () => {
  test('the shipped one describes Beijing, US-East, the home registry and four relays', async () => {
    const world = await loadConfig('config/regions.yaml');
    expect(world.registries.map(({ name, kind, role, region }) => [name, kind, role, region])).toEqual([
      ['aliyun-beijing', 'acr', 'home', 'cn-beijing'],
      ['singapore', 'ecr', 'relay', 'ap-southeast-1'],
      ['korea', 'ecr', 'relay', 'ap-northeast-2'],
      ['japan', 'ecr', 'relay', 'ap-northeast-1'],
      ['us-west', 'ecr', 'relay', 'us-west-2'],
    ]);
    expect(world.sites).toEqual([
      { name: 'beijing', service: true },
      { name: 'us-east', service: false },
    ]);
    expect(world.clusters).toEqual([
      { name: 'cn-prod', site: 'beijing', pulls: 'home' },
      { name: 'us-east-prod', site: 'us-east', pulls: 'choice' },
    ]);
    expect(world.choices).toEqual([{ pattern: '*', registry: 'singapore' }]);
    expect(world.sources).toHaveLength(1);
  });

  test('the design example becomes a world with every default filled in', () => {
    expect(parseConfig(EXAMPLE, '/etc/entrepot/regions.yaml')).toEqual({
      registries: [
        {
          ...{
            name: 'aliyun-beijing',
            kind: 'acr',
            role: 'home',
            region: 'cn-beijing',
            prefix: 'web3d',
            internal: false,
          },
          ...{
            url: 'https://web3d-registry.cn-beijing.cr.aliyuncs.com',
            names: 'nested',
            attestations: 'keep',
            enabled: true,
          },
          ...{ addresses: {}, costPerGb: null },
          credentials: {
            kind: 'basic',
            username: { from: 'env', name: 'ACR_USERNAME' },
            password: { from: 'env', name: 'ACR_PASSWORD' },
          },
        },
        {
          ...{ name: 'singapore', kind: 'ecr', role: 'relay', region: 'ap-southeast-1', prefix: '', internal: false },
          ...{
            url: 'https://123456789012.dkr.ecr.ap-southeast-1.amazonaws.com',
            names: 'nested',
            attestations: 'keep',
            enabled: true,
          },
          ...{ addresses: {}, costPerGb: null, credentials: { kind: 'aws' } },
        },
        {
          ...{ name: 'lab-korea', kind: 'oci', role: 'relay', region: 'ap-northeast-2', prefix: '', internal: true },
          ...{ url: 'http://127.0.0.1:5003', names: 'nested', attestations: 'keep', enabled: true },
          ...{ addresses: {}, costPerGb: null, credentials: { kind: 'none' } },
        },
      ],
      sources: [
        {
          key: 'harbor.bj',
          url: 'https://harbor.bj.example',
          credentials: { kind: 'docker', path: '/etc/entrepot/docker.json' },
          internal: false,
        },
      ],
      sites: [
        { name: 'beijing', service: true },
        { name: 'us-east', service: false },
      ],
      clusters: [
        { name: 'cn-prod', site: 'beijing', pulls: 'home' },
        { name: 'us-east-prod', site: 'us-east', pulls: 'choice' },
      ],
      choices: [{ pattern: '*', registry: 'singapore' }],
      limits: {
        ...{
          depotBytes: 200 * 2 ** 30,
          transfersPerRegistry: 4,
          blobsPerRegistry: 6,
          connectionsPerSource: 16,
          chunkBytes: 8 * 2 ** 20,
          longPathChunkBytes: 16 * 2 ** 20,
        },
        ...{ deadlineMs: 6 * 3_600_000, stallMs: 30_000, leastStallMs: 10_000, archiveBytes: 50 * 2 ** 30 },
      },
      backfill: { releases: 20, usedWithinMs: 30 * 86_400_000 },
      distribute: [{ pattern: '*', tags: ['*'], except: ['*-cache', 'buildcache', 'sha256-*'] }],
      standby: [],
      failover: { afterMs: 180_000, backMs: 900_000 },
      log: { level: 'info' },
      measuring: { bytesPerDay: 20e9, bytesPerDayAndRegistry: 5e9, quietHours: [], schedules: [] },
      retention: {
        uploadsMs: 3_600_000,
        sessionsMs: 86_400_000,
        pushesMs: 400 * 86_400_000,
        samplesMs: 90 * 86_400_000,
        measurementsMs: 400 * 86_400_000,
        hoursMs: 1_100 * 86_400_000,
        noticesMs: 30 * 86_400_000,
        usesMs: 400 * 86_400_000,
      },
      access: {
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
      },
      notify: {
        publicUrl: null,
        smtp: null,
        receivers: [],
        subscriptions: [],
        remindMs: 6 * 3_600_000,
        deadlineMs: 24 * 3_600_000,
        agentLostAfterMs: 300_000,
      },
      recommendation: {
        referenceBytes: 150_000_000,
        windowMs: 7 * 86_400_000,
        minimum: { samples: 60, days: 3, hoursOfDay: 18 },
        timeZone: 'Asia/Shanghai',
        success: 0.9,
        deadlineMs: 1_800_000,
        coolDownMs: 72 * 3_600_000,
        follow: [],
      },
    });
  });

  test('every further setting reaches the world', () => {
    const world = parseConfig(
      `registries:
  hub:
    { kind: oci, role: home, region: bj, url: "HTTPS://Hub.Example:443/", names: flat, attestations: drop, costPerGb: 0.12,
      bandwidth: { bytesPerSecond: 5MB, hours: [{ from: 22, to: 6, bytesPerSecond: 1MB }] },
      addresses: { us-east: "https://hub-public.example/" }, ca: "file:ca.pem", internal: true,
      credentials: { username: robot, password: "file:secrets/hub" } }
  jp: { kind: ecr, role: relay, url: "https://123456789012.dkr.ecr.ap-northeast-1.amazonaws.com", credentials: { aws: default } }
  kr: { kind: ecr, role: relay, region: kr, url: "http://127.0.0.1:4566",
        credentials: { aws: { profile: lab, roleArn: "arn:aws:iam::123456789012:role/entrepot" } } }
sites: { beijing: { service: true }, us-east: {} }
limits: { depotBytes: 1000, transfersPerRegistry: 2, blobsPerRegistry: 3, connectionsPerSource: 5, chunkBytes: 1MiB, deadline: 90s, stall: 500ms, leastStall: 200ms, archiveBytes: 1GB }
backfill: { releases: 5, usedWithin: 12h }
distribute: { "team/*": { tags: ["v*"] } }
standby: { "team/*": [jp, kr] }
failover: { after: 1m, back: 2m }
retention: { uploads: 5m, sessions: 2h, pushes: 30d, samples: 2d, measurements: 8d, hours: 60d, notices: 1d, uses: 12h }
recommendation: { minimum: { samples: 6 }, coolDown: 2h, follow: { "team/*": us-east } }
`,
      '/srv/conf/regions.yaml',
    );
    expect(world.registries[0]).toMatchObject({
      ...{
        url: 'https://hub.example',
        names: 'flat',
        attestations: 'drop',
        costPerGb: 0.12,
        bandwidth: { bytesPerSecond: 5e6, hours: [{ from: 22, to: 6, bytesPerSecond: 1e6 }] },
        ca: '/srv/conf/ca.pem',
        internal: true,
      },
      addresses: { 'us-east': 'https://hub-public.example' },
      credentials: { kind: 'basic', username: 'robot', password: { from: 'file', name: '/srv/conf/secrets/hub' } },
    });
    expect(world.registries[1]).toMatchObject({ region: 'ap-northeast-1', credentials: { kind: 'aws' } });
    expect(world.registries[2]?.credentials).toEqual({
      kind: 'aws',
      profile: 'lab',
      roleArn: 'arn:aws:iam::123456789012:role/entrepot',
    });
    expect(world.limits).toEqual({
      ...{
        depotBytes: 1000,
        transfersPerRegistry: 2,
        blobsPerRegistry: 3,
        connectionsPerSource: 5,
        chunkBytes: 2 ** 20,
        longPathChunkBytes: 2 ** 20,
      },
      ...{ deadlineMs: 90_000, stallMs: 500, leastStallMs: 200, archiveBytes: 1e9 },
    });
    expect(world.backfill).toEqual({ releases: 5, usedWithinMs: 12 * 3_600_000 });
    expect(world.distribute).toEqual([{ pattern: 'team/*', tags: ['v*'], except: [] }]);
    expect(world.standby).toEqual([{ pattern: 'team/*', registries: ['jp', 'kr'] }]);
    expect(world.failover).toEqual({ afterMs: 60_000, backMs: 120_000 });
    expect(world.retention).toEqual({
      ...{
        uploadsMs: 300_000,
        sessionsMs: 7_200_000,
        pushesMs: 30 * 86_400_000,
        samplesMs: 2 * 86_400_000,
        measurementsMs: 8 * 86_400_000,
      },
      ...{ hoursMs: 60 * 86_400_000, noticesMs: 86_400_000, usesMs: 43_200_000 },
    });
    expect(world.recommendation).toMatchObject({
      minimum: { samples: 6, days: 3, hoursOfDay: 18 },
      coolDownMs: 7_200_000,
      follow: [{ pattern: 'team/*', site: 'us-east' }],
    });
  });

  test('anchors, aliases and merge keys are understood', () => {
    const world = parseConfig(
      `registries:
  a: &relay { kind: oci, role: relay, region: x, url: "https://a.example", credentials: &login { username: u, password: env:P } }
  b: { <<: *relay, url: "https://b.example" }
sources: { "h:5000": { url: "https://h.example:5000", credentials: *login } }
sites: { s: { service: true } }
`,
      'c.yaml',
    );
    expect(world.registries[1]).toMatchObject({ name: 'b', url: 'https://b.example', region: 'x' });
    expect(world.sources[0]?.credentials).toEqual(world.registries[0]?.credentials);
  });
});

describe('the file itself', () => {
  test('a missing file is named, with the ways to give another', async () => {
    const path = join(await makeTempFolder(), 'none.yaml');
    await expect(loadConfig(path)).rejects.toMatchObject({
      code: 'config_invalid',
      message: `reading the configuration ${path}: there is no such file; name another with --config FILE or ENTREPOT_CONFIG`,
    });
  });

  test('a folder, a file over 1 MiB and a file that is not UTF-8 are refused', async () => {
    const folder = await makeTempFolder();
    await mkdir(join(folder, 'folder'));
    await writeFile(join(folder, 'large'), `${smallConfig()}# ${'x'.repeat(1024 * 1024)}`);
    await writeFile(join(folder, 'latin'), Buffer.from([0x61, 0x3a, 0x20, 0xe9, 0x0a]));
    for (const [name, reason] of [
      ['folder', 'it is a folder'],
      ['large', 'larger than 1 MiB'],
      ['latin', 'not UTF-8'],
    ] as const) {
      await expect(loadConfig(join(folder, name))).rejects.toMatchObject({
        code: 'config_invalid',
        message: expect.stringContaining(reason),
      });
    }
  });

  test('a file that just fits is read, with a byte order mark too', async () => {
    const path = join(await makeTempFolder(), 'c.yaml');
    const text = `\uFEFF${smallConfig()}#`;
    await writeFile(path, text + 'x'.repeat(1024 * 1024 - Buffer.byteLength(text)));
    expect((await loadConfig(path)).registries).toHaveLength(3);
  });
});

test('ten different mistakes are all reported at once, each on its line', () => {
  const text = `registries:
  singapore:
    kind: ercr
    role: relay
    regoin: ap-southeast-1
    url: https://123456789012.dkr.ecr.ap-southeast-1.amazonaws.com
  aliyun:
    kind: acr
    role: home
    region: cn-beijing
    url: https://acme-registry.cn-beijing.cr.aliyuncs.com/web3d
    credentials:
      username: robot
      password: hunter2
sites:
  beijing: { service: true }
  beijing: { service: true }
clusters:
  cn-prod: { site: bejing, pulls: home }
choices:
  "*": singapor
  "team/*": aliyun
limits:
  chunkBytes: 8 parsecs
  transfersPerRegistry: 0
`;
  expect(listMistakes(text)).toEqual([
    '2:3 registries.singapore.region: is missing',
    '3:11 registries.singapore.kind: must be one of oci, ecr, acr (found "ercr"; did you mean ecr?)',
    '5:5 registries.singapore.regoin: is not a known key (did you mean region?)',
    '11:10 registries.aliyun.url: must be a bare origin; write its path as prefix: web3d',
    '14:17 registries.aliyun.credentials.password: must be env:NAME or file:PATH; a secret is never written in this file',
    '17:3 sites.beijing: is written twice; first on line 16',
    '19:20 clusters.cn-prod.site: must be one of sites (found "bejing"; did you mean beijing?)',
    '21:8 choices["*"]: must be one of registries (found "singapor"; did you mean singapore?)',
    '22:13 choices["team/*"]: must be a relay registry, and aliyun has role: home',
    '24:15 limits.chunkBytes: "8 parsecs" is not a size such as 8MiB, 150MB or 200GiB',
    '25:25 limits.transfersPerRegistry: must be at least 1 (found 0)',
  ]);
  const { message } = getFailure(text, 'config/regions.yaml');
  expect(message).toContain('the configuration config/regions.yaml has 11 mistakes:\n');
  expect(message).toContain('\n  config/regions.yaml:3:11 registries.singapore.kind: must be one of');
  expect(message).not.toContain('hunter2');
});

test('a mistake inside what an alias or a merge brings is shown where it is written', () => {
  const text = `registries:
  a: &relay
    kind: oci
    role: rely
    region: x
    url: https://a.example
  b:
    <<: *relay
    url: https://b.example
sites: { s: { service: true } }
`;
  expect(listMistakes(text)).toEqual([
    '4:11 registries.a.role: must be one of home, relay (found "rely"; did you mean relay?)',
    '4:11 registries.b.role: must be one of home, relay (found "rely"; did you mean relay?)',
  ]);
});

test('a file with very many mistakes reports a bounded number and says how many more there are', () => {
  const keys = Array.from({ length: 300 }, (_, index) => `k${index}x: 1`).join('\n');
  const failure = getFailure(smallConfig(keys));
  expect(failure.details.errors).toHaveLength(200);
  expect(failure.message).toMatch(/has 300 mistakes:[\s\S]*… and 100 more$/);
});

test('a registry whose url no one can parse is one mistake, not several', () => {
  expect(listMistakes(registryConfig('kind: oci, region: x, url: "https://[::1"'))).toEqual([
    '2:48 registries.r.url: must be a URL such as https://registry.example:5000',
  ]);
});

test('what is still asked for is kept long enough', () => {
  expect(listMistakes(smallConfig('retention: { sessions: 59m, samples: 1d, uses: 1h }\n'))).toEqual([
    '6:24 retention.sessions: must be at least 1h (clients may be away in the middle of an upload)',
    '6:38 retention.samples: must be at least 2d (what was measured lately counts towards the budget)',
    '6:48 retention.uses: must be at least 30d (backfill.usedWithin)',
  ]);
});
