import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import type { Resolve } from '../../../src/api/schema/resolve-schema.ts';
import { eventually } from '../../support/eventually.ts';
import { expectWhole } from '../../support/placed-image.ts';
import { openTestRegistry } from '../../support/registry.ts';
import { seedImage } from '../../support/seed-image.ts';
import { openTestService } from '../../support/service.ts';
import { startAgentProcess } from '../../support/service-process.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { makeImage } from '../../support/test-image.ts';

/** An answer without the instants and paths in which a copy must differ. */
const plain = ({ asOf: _asOf, ...rest }: Record<string, unknown>) => rest;

test('an agent answers as the service does, survives a restart without it, and passes a failing registry over', async () => {
  await using source = await openTestRegistry();
  await using aliyun = await openTestRegistry();
  const singapore = await openTestRegistry();
  await using korea = await openTestRegistry();
  await using folder = await openTempFolder('agent');
  const image = makeImage();
  await seedImage(source, 'team/app', '1', image);
  await using service = await openTestService({
    registries: { aliyun, singapore, korea },
    source,
    choose: 'singapore',
    more: { failover: { after: '1s', back: '1s' } },
  });
  const { id } = await service.api.push({
    image: 'team/app:1',
    source: 'harbor.bj/team/app:1',
    targets: ['aliyun', 'singapore', 'korea'],
  });
  const { digest } = await service.api.untilFinal(id);
  // One image of the source under two tags, each with platforms of its own.
  const multi = makeImage({ platforms: ['linux/amd64', 'linux/arm64'], seed: 'multi' });
  await seedImage(source, 'team/multi', '1', multi);
  const cuts = [
    ['full', [], multi.digest],
    ['arm', ['linux/arm64'], multi.manifests[1]?.digest],
  ] as const;
  for (const [tag, platforms] of cuts) {
    const cut = await service.api.push({ image: `team/multi:${tag}`, source: 'harbor.bj/team/multi:1', platforms });
    await service.api.untilFinal(cut.id);
  }
  const own = await service.api.withToken({ role: 'agent', site: 'us-east' });
  const cluster = await service.api.withToken({ role: 'cluster', cluster: 'us-east-prod' });
  const start = (port = 0) =>
    startAgentProcess({
      site: 'us-east',
      dataPath: folder.path,
      serviceUrl: service.api.url,
      port,
      env: { ENTREPOT_TOKEN: own.token },
      askedWith: cluster.token,
    });
  const first = await start();
  const questions = ['team/multi:full', 'team/multi:arm', `team/multi@${multi.digest}`];
  questions.push('team/app:1', `team/app@${digest}`, 'team/app:2', 'team/none:1', 'team/app', 'Team/App:1');
  await eventually(
    async () => {
      for (const image of questions) {
        const [here, there] = await Promise.all([
          service.api.resolve(image, 'us-east-prod'),
          first.api.resolve(image, 'us-east-prod'),
        ]);
        expect(there.status).toBe(here.status);
        expect(plain(there.body)).toEqual(plain(here.body));
      }
      return true;
    },
    { what: 'the agent having its copy' },
  );
  expect(await first.api.send('POST', '/v1/resolve', { cluster: 'us-east-prod', images: questions })).toMatchObject({
    status: 200,
    body: {
      items: [
        ...[{ digest: multi.digest }, { digest: cuts[1][2] }, { digest: multi.digest }],
        ...[{ registry: 'singapore' }, { registry: 'singapore' }, {}, {}, {}, {}],
      ],
    },
  });
  await first.stop();

  await service.stop();
  await using second = await start();
  const alone = (await second.api.resolve('team/app:1', 'us-east-prod')).body as Resolve;
  expect(alone).toMatchObject({ registry: 'singapore', state: 'chosen', digest });
  for (const [tag, , held] of cuts) {
    expect((await second.api.resolve(`team/multi:${tag}`, 'us-east-prod')).body).toMatchObject({ digest: held });
    const pulled = await second.api.fetch(`/v2/team/multi/manifests/${tag}`, { headers: { accept: '*/*' } });
    await pulled.arrayBuffer();
    expect(pulled.headers.get('docker-content-digest')).toBe(held);
  }
  expect(Date.parse(alone.asOf)).toBeGreaterThanOrEqual(Date.parse(alone.verifiedAt));

  await expectWhole(second.api, 'team/app', '1', image);

  await singapore[Symbol.asyncDispose]();
  const over = await eventually(
    async () => {
      const { body } = await second.api.resolve('team/app:1', 'us-east-prod');
      expect(body).toMatchObject({ state: 'fallback', registry: 'korea' });
      return body as Resolve;
    },
    { what: 'singapore being passed over', deadlineMs: 15_000 },
  );
  expect(over.reason).toContain('singapore fails at this site');
  expect(over.reference).toBe(`${new URL(korea.url).host}/team/app@${digest}`);
  await expectWhole(second.api, 'team/app', digest ?? '', image);

  // Healthy again for `failover.back`, it is in use again; what it holds does not matter to the answer.
  await using again = createServer((_request, response) => response.end('{}'));
  again.listen(Number(new URL(singapore.url).port), '127.0.0.1');
  await eventually(
    async () => {
      const { body } = await second.api.resolve('team/app:1', 'us-east-prod');
      expect(body).toMatchObject({ state: 'chosen', registry: 'singapore' });
      return true;
    },
    { what: 'singapore being used again', deadlineMs: 15_000 },
  );
}, 60_000);
