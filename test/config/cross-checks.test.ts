import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load-config.ts';
import { listMistakes, registryConfig, smallConfig } from './config-mistakes.ts';

const ECR = 'https://123456789012.dkr.ecr.ap-southeast-1.amazonaws.com';

describe('blocks that name each other', () => {
  test.each([
    [
      'a cluster at an unknown site',
      'clusters: { c: { site: us-est, pulls: choice } }',
      '6:24 clusters.c.site: must be one of sites (found "us-est"; did you mean us-east?)',
    ],
    [
      'a choice of an unknown registry',
      'choices: { "*": relai }',
      '6:17 choices["*"]: must be one of registries (found "relai"; did you mean relay?)',
    ],
    [
      'a choice of the home registry',
      'choices: { "*": home }',
      '6:17 choices["*"]: must be a relay registry, and home has role: home',
    ],
    [
      'a choice of a disabled registry',
      'choices: { "*": off }',
      '6:17 choices["*"]: must be an enabled registry, and off has enabled: false',
    ],
    [
      'a standby at an unknown registry',
      'standby: { "*": [mars] }',
      '6:18 standby["*"][0]: must be one of registries (found "mars")',
    ],
    [
      'a standby at the home registry',
      'standby: { "*": [relay, home] }',
      '6:25 standby["*"][1]: must be a relay registry, and home has role: home',
    ],
    [
      'a standby at a disabled registry',
      'standby: { "*": [off] }',
      '6:18 standby["*"][0]: must be an enabled registry, and off has enabled: false',
    ],
    [
      'following a site that does not exist',
      'recommendation: { follow: { "*": us-eest } }',
      '6:34 recommendation.follow["*"]: must be one of sites (found "us-eest"; did you mean us-east?)',
    ],
    [
      'following for what is no pattern',
      'recommendation: { follow: { "Team/*": us-east } }',
      '6:29 recommendation.follow["Team/*"]: must be an image name or a pattern with *, such as team/app, team/* or *',
    ],
    [
      'a time zone that does not exist',
      'recommendation: { timeZone: Asia/Beijing }',
      '6:29 recommendation.timeZone: must be a time zone by its IANA name, such as Asia/Shanghai',
    ],
    [
      'a schedule of a registry that does not exist',
      'measuring: { schedules: { nightly: { cron: "0 3 * * *", registries: [relai] } } }',
      '6:70 measuring.schedules.nightly.registries[0]: must be one of registries (found "relai"; did you mean relay?)',
    ],
    [
      'a schedule that never comes true',
      'measuring: { schedules: { nightly: { cron: "0 0 31 2 *" } } }',
      '6:44 measuring.schedules.nightly.cron: must be a cron expression of five fields that comes true, such as 0 */2 * * *',
    ],
    [
      'a schedule at a minute that no hour has',
      'measuring: { schedules: { nightly: { cron: "61 * * * *" } } }',
      '6:44 measuring.schedules.nightly.cron: must be a cron expression of five fields that comes true, such as 0 */2 * * * (Invalid value for minute: 61)',
    ],
    [
      'a schedule of rounds that move too little',
      'measuring: { schedules: { nightly: { cron: "0 3 * * *", payloads: [1kB] } } }',
      '6:67 measuring.schedules.nightly.payloads: must be sizes from 64KiB to 16GiB',
    ],
    [
      'a schedule whose rounds exceed the budget of a day',
      'measuring: { schedules: { nightly: { cron: "0 3 * * *", payloads: [6GB] } } }',
      '6:67 measuring.schedules.nightly.payloads: must fit the budget of a day: the first round moves 6000000000 bytes to each registry, and measuring.bytesPerDayAndRegistry is 5000000000',
    ],
    [
      'a schedule whose rounds fit only without what is left for downloads',
      'measuring: { schedules: { nightly: { cron: "0 3 * * *", legs: [upload, download], payloads: [2GB] } } }',
      '6:93 measuring.schedules.nightly.payloads: must fit the budget of a day: the first round, with what is left there for downloads, moves 6000000000 bytes to each registry, and measuring.bytesPerDayAndRegistry is 5000000000',
    ],
    [
      'a schedule of a site that does not exist',
      'measuring: { schedules: { nightly: { cron: "0 3 * * *", legs: [download], sites: [us-eats] } } }',
      '6:83 measuring.schedules.nightly.sites[0]: must be one of sites (found "us-eats"; did you mean us-east?)',
    ],
    [
      'a schedule of the site that the service is at',
      'measuring: { schedules: { nightly: { cron: "0 3 * * *", legs: [download], sites: [beijing] } } }',
      '6:83 measuring.schedules.nightly.sites[0]: must be a site with an agent, and the service itself is at beijing',
    ],
    [
      'a schedule of a site without downloads',
      'measuring: { schedules: { nightly: { cron: "0 3 * * *", sites: [us-east] } } }',
      '6:57 measuring.schedules.nightly.sites: are where downloads are taken: legs must name download',
    ],
    [
      'a schedule of what is no size',
      'measuring: { schedules: { nightly: { cron: "0 3 * * *", payloads: [1kX] } } }',
      '6:68 measuring.schedules.nightly.payloads[0]: "1kX" is not a size such as 8MiB, 150MB or 200GiB',
    ],
    ['a standby named twice', 'standby: { "*": [relay, relay] }', '6:25 standby["*"][1]: is named twice ("relay")'],
    [
      'a name that inherits from objects',
      'choices: { "*": constructor }',
      '6:17 choices["*"]: must be one of registries (found "constructor")',
    ],
  ])('%s', (_, more, mistake) => {
    expect(listMistakes(smallConfig(more))).toEqual([mistake]);
  });

  test('exactly one site runs the service', () => {
    const registries = 'registries: { r: { kind: oci, role: relay, region: x, url: "https://r.example" } }\n';
    const none = '2:1 sites: must have one site with service: true, where this service runs';
    expect(listMistakes(`${registries}sites: { a: {}, b: { service: false } }`)).toEqual([none]);
    expect(listMistakes(`${registries}sites: {}`)).toEqual([none]);
    expect(listMistakes(`${registries}sites: { a: { service: true }, b: { service: true } }`)).toEqual([
      '2:46 sites.b.service: must be true at one site only, and it is at a already',
    ]);
  });

  test('at least one registry, and a home registry where a cluster pulls from home', () => {
    expect(listMistakes('registries: {}\nsites: { s: { service: true } }\n')).toEqual([
      '1:1 registries: must name at least one registry',
    ]);
    expect(listMistakes('sites: { s: { service: true } }\n')).toEqual(['1:1 registries: is missing']);
    expect(
      listMistakes(
        `${registryConfig('kind: oci, region: x, url: "https://r.example"')}clusters: { c: { site: us-east, pulls: home } }`,
      ),
    ).toEqual(['4:40 clusters.c.pulls: is home, but no enabled registry has role: home']);
  });

  test('addresses are keyed by sites', () => {
    expect(
      listMistakes(
        registryConfig('kind: oci, region: x, url: "https://r.example", addresses: { us-est: "https://p.example" }'),
      ),
    ).toEqual([
      '2:82 registries.r.addresses.us-est: must be keyed by one of sites (found "us-est"; did you mean us-east?)',
    ]);
  });
});

describe('regions', () => {
  test.each([
    ['is asked of every registry', 'kind: oci, url: "https://r.example"', '2:3 registries.r.region: is missing'],
    ['is not empty', 'kind: oci, url: "https://r.example", region: ""', '2:66 registries.r.region: must not be empty'],
    [
      'is asked of ECR behind another host',
      'kind: ecr, url: "https://vpce.example"',
      "2:3 registries.r.region: is missing, and the url's host is not one of ECR's that would tell it",
    ],
    [
      'is the one that the ECR host tells',
      `kind: ecr, url: "${ECR}", region: us-west-2`,
      `2:106 registries.r.region: must be ap-southeast-1, as the url's host says (found "us-west-2")`,
    ],
  ])('a region %s', (_, keys, mistake) => {
    expect(listMistakes(registryConfig(keys))).toEqual([mistake]);
  });

  test.each([
    [ECR, 'ap-southeast-1'],
    ['https://123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    ['https://123456789012.dkr.ecr-fips.us-west-2.amazonaws.com', 'us-west-2'],
    ['https://123456789012.dkr-ecr.eu-west-1.on.aws', 'eu-west-1'],
  ])('%s tells its own', (url, region) => {
    expect(parseConfig(registryConfig(`kind: ecr, url: "${url}"`), 'c.yaml').registries[0]?.region).toBe(region);
  });
});

describe('URLs are origins', () => {
  test.each([
    ['registry.example', 'must begin with https:// (or http:// for a registry without TLS)'],
    ['ftp://registry.example', 'must begin with https:// (or http:// for a registry without TLS)'],
    ['https:registry.example', 'must begin with https:// (or http:// for a registry without TLS)'],
    ['https://registry.example:99999', 'must be a URL such as https://registry.example:5000'],
    ['https://registry.example\\x', 'must be a URL such as https://registry.example:5000'],
    ['https://registry.example/?a=b', 'must be a bare origin, without a query or fragment'],
    ['https://registry.example#x', 'must be a bare origin, without a query or fragment'],
    ['https://registry.example/v2/', 'must be a bare origin; /v2/ is added by the protocol'],
    ['https://registry.example/team/images/', 'must be a bare origin; write its path as prefix: team/images'],
    [
      'https://me:hunter2@registry.example',
      'must not hold a user or password; write them under credentials, as env:NAME or file:PATH',
    ],
  ])('%s', (url, detail) => {
    const [mistake, ...others] = listMistakes(registryConfig(`kind: oci, region: x, url: '${url}'`));
    expect(mistake).toBe(`2:48 registries.r.url: ${detail}`);
    expect(others).toEqual([]);
  });

  test("a source's path belongs into what a push names", () => {
    expect(listMistakes(smallConfig('sources: { h: { url: "https://h.example/library" } }'))).toEqual([
      '6:22 sources.h.url: must be a bare origin; its path is written in what a push names: KEY/path/name:tag',
    ]);
  });
});

describe('names', () => {
  test.each([
    [
      'sources: { "harbor/x": { url: "https://h.example" } }',
      '6:12 sources["harbor/x"]: must be a host or host:port such as harbor.bj or harbor.bj:8443, as it is written in KEY/name',
    ],
    [
      'sources: { "*": { url: "https://*.example" } }',
      '6:12 sources["*"]: must have one * with a domain of your own behind it, such as *.bj.example',
    ],
    [
      'sources: { "*.bj.example": { url: "https://bj.example" } }',
      '6:35 sources["*.bj.example"].url: must have one * for that of *.bj.example, with a domain of your own behind it',
    ],
    [
      'sources: { "bj.example": { url: "https://*.bj.example" } }',
      '6:33 sources["bj.example"].url: has a *, which its key has not: it would lead nowhere',
    ],
    [
      'sources: { "harbor:99999": { url: "https://h.example" } }',
      '6:12 sources["harbor:99999"]: must be a host or host:port such as harbor.bj or harbor.bj:8443, as it is written in KEY/name',
    ],
    [
      'clusters: { US East: { site: us-east, pulls: choice } }',
      '6:13 clusters["US East"]: must be a name of lower-case letters and digits, with . _ - inside, of at most 63 characters and not a number alone',
    ],
    [
      'clusters: { 7: { site: us-east, pulls: choice } }',
      '6:13 clusters["7"]: must be a name of lower-case letters and digits, with . _ - inside, of at most 63 characters and not a number alone',
    ],
    [
      'choices: { Team/*: relay }',
      '6:12 choices["Team/*"]: must be an image name or a pattern with *, such as team/app, team/* or *',
    ],
    [
      'notify: { receivers: { a: { kind: slack, url: "env:A" } }, subscriptions: [{ receiver: a, images: ["Team/*"] }] }',
      '6:100 notify.subscriptions[0].images[0]: must be an image name or a pattern with *, such as team/app, team/* or *',
    ],
    [
      'clusters: { __proto__: { site: us-east, pulls: choice } }',
      '6:13 clusters.__proto__: is a key that must not be used',
    ],
  ])('%s', (more, mistake) => {
    expect(listMistakes(smallConfig(more))).toEqual([mistake]);
  });

  test('a prefix is part of a repository name', () => {
    expect(listMistakes(registryConfig('kind: oci, region: x, url: "https://r.example", prefix: /Web3D/'))).toEqual([
      '2:77 registries.r.prefix: must be the first part of repository names, such as web3d or team/images (found "/Web3D/"; did you mean web3d?)',
    ]);
  });
});

describe('amounts', () => {
  test.each([
    ['depotBytes: 0', '6:23 limits.depotBytes: must be more than nothing'],
    ['depotBytes: 99999999TiB', '6:23 limits.depotBytes: is too large'],
    ['depotBytes: true', '6:23 limits.depotBytes: must be a size such as 8MiB, 150MB or 200GiB (found true or false)'],
    ['blobsPerRegistry: 1.5', '6:29 limits.blobsPerRegistry: must be a whole number (found 1.5)'],
    ['blobsPerRegistry: five', '6:29 limits.blobsPerRegistry: must be a number (found a text)'],
    ['deadline: 6', '6:21 limits.deadline: must be a duration such as 500ms, 30s, 5m, 2h or 30d (found a number)'],
    ['stall: 0s', '6:18 limits.stall: must be more than nothing'],
    ['stall: soon', '6:18 limits.stall: "soon" is not a duration such as 500ms, 30s, 5m, 2h or 30d'],
    ['stall:', '6:11 limits.stall: must be a duration such as 500ms, 30s, 5m, 2h or 30d (found nothing)'],
  ])('%s', (entry, mistake) => {
    expect(listMistakes(smallConfig(`limits: { ${entry} }`))).toEqual([mistake]);
  });
});
