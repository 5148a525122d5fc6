import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { parseLine, runServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';

const lines = (text: string) => text.split('\n').slice(0, -1);

it('a second service on the same data folder exits 1 and names the first, which goes on', async () => {
  await using folder = await openTempFolder('second');
  const configPath = await writeServiceConfig(folder.path, {
    registries: { singapore: { url: 'http://127.0.0.1:9' } },
  });
  const dataPath = join(folder.path, 'data');
  await using first = await startServiceProcess({ configPath, dataPath });
  const second = await runServiceProcess({ configPath, dataPath });
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(`process ${first.pid}`);
  expect(second.stderr).toContain(first.api.url);
  expect((await first.api.send('GET', '/readyz')).status).toBe(200);
});

it('a configuration with ten mistakes exits 1 and lists each with its line', async () => {
  await using folder = await openTempFolder('mistakes');
  const configPath = join(folder.path, 'regions.yaml');
  await writeFile(
    configPath,
    `registries:
  aliyun: { kind: acr, role: house, region: cn-beijing, url: "https://aliyun.example" }
  singapore: { kind: oci, role: relay, region: ap-southeast-1, url: "ftp://singapore.example" }
  korea: { kind: oci, role: relay, region: ap-northeast-2, url: "https://korea.example", colour: red }
  japan: { kind: oci, role: relay, region: ap-northeast-1, url: "https://japan.example", prefix: "UPPER" }
  west: { kind: oci, role: relay, region: us-west-2, url: "https://west.example", costPerGb: cheap }
sources:
  harbor.bj: { url: "https://harbor.example", credentials: { username: "env:USER_NAME" } }
sites: { beijing: { service: true }, us-east: {} }
clusters:
  cn-prod: { site: shanghai, pulls: choice }
  us-east-prod: { site: us-east, pulls: sometimes }
choices: { "*": nowhere }
limits: { chunkBytes: 8Mebi, deadline: soon }
`,
  );
  const { code, stderr, stdout } = await runServiceProcess({ configPath, dataPath: join(folder.path, 'data') });
  expect(code).toBe(1);
  const told = new Set([...stderr.matchAll(/regions\.yaml:(\d+)/g)].map((match) => Number(match[1])));
  expect([...told].sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 8, 11, 12, 13, 14]);
  expect(stdout).toBe('');
});

it('a missing secret and an unreachable registry do not stop the start: their transfers wait and say why, the others are placed', async () => {
  await using folder = await openTempFolder('secret');
  await using source = await openTestRegistry();
  await using aliyun = await openTestRegistry();
  const image = makeImage();
  await seedImage(source, 'team/app', '1', image);
  const configPath = await writeServiceConfig(folder.path, {
    source,
    registries: {
      aliyun,
      singapore: {
        url: 'http://127.0.0.1:9',
        entry: { credentials: { username: 'robot', password: 'env:NOT_SET_ANYWHERE' } },
      },
    },
    choose: 'singapore',
  });
  await using service = await startServiceProcess({ configPath, dataPath: join(folder.path, 'data') });
  expect((await service.api.send('GET', '/readyz')).status).toBe(200);
  const { id } = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
  await service.api.untilLeg(id, 'aliyun', (leg) => leg.state === 'placed');
  const waiting = await service.api.untilLeg(id, 'singapore', (leg) => leg.state === 'waiting');
  expect(waiting.error?.side).toBe('target');
  await service.api.send('POST', `/v1/pushes/${id}/cancel`);
});

it('stdout is one JSON object a line and nothing else, and no secret is ever in it', async () => {
  const secrets = { SOURCE_PASSWORD: 'open-sesame-7f3a', RELAY_PASSWORD: 'rosebud-91bc' };
  await using folder = await openTempFolder('logs');
  await using source = await openTestRegistry({
    auth: { kind: 'bearer', username: 'ci', password: secrets.SOURCE_PASSWORD },
  });
  await using singapore = await openTestRegistry({
    auth: { kind: 'basic', username: 'robot', password: secrets.RELAY_PASSWORD },
  });
  await seedImage(source, 'team/app', '1', makeImage());
  const configPath = await writeServiceConfig(folder.path, {
    sources: { 'harbor.bj': { url: source.url, credentials: { username: 'ci', password: 'env:SOURCE_PASSWORD' } } },
    registries: {
      singapore: { url: singapore.url, entry: { credentials: { username: 'robot', password: 'env:RELAY_PASSWORD' } } },
    },
    choose: 'singapore',
  });
  await using service = await startServiceProcess({
    configPath,
    dataPath: join(folder.path, 'data'),
    env: { ...secrets, ENTREPOT_LOG_LEVEL: 'debug' },
  });
  const ci = await service.api.withToken({ role: 'ci', images: ['team/*'] });
  const answer = await service.api.send(
    'POST',
    '/v1/pushes',
    { image: 'team/app:1', source: 'harbor.bj/team/app:1' },
    { authorization: `Bearer ${ci.token}` },
  );
  expect(answer.status).toBe(202);
  const push = await service.api.untilFinal(String(answer.body.id));
  expect(push.state).toBe('placed');
  await service.api.send('POST', '/v1/pushes', { image: 'team/app:1', source: 'harbor.bj/team/nothing:1' });
  const { stdout, stderr, code } = await service.stop();
  expect(code).toBe(0);
  for (const line of lines(stdout))
    expect(parseLine(line), line).toMatchObject({
      event: expect.any(String),
      time: expect.any(String),
      level: expect.any(String),
    });
  expect(lines(stdout).map((line) => parseLine(line)?.event)).toEqual(
    expect.arrayContaining(['listening', 'push accepted', 'transfer placed', 'push finished', 'stopping', 'stopped']),
  );
  const basic = Buffer.from(`robot:${secrets.RELAY_PASSWORD}`).toString('base64');
  for (const secret of [...Object.values(secrets), basic, ci.token]) expect(stdout + stderr).not.toContain(secret);
});
