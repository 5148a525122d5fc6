import { readdir } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry } from '../support/registry.ts';
import type { ServiceApi } from '../support/service-api.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { startAgentProcess, startServiceProcess } from '../support/service-process.ts';
import { openTempFolder } from '../support/temp-folder.ts';

type SampleAnswer = { id: string; leg: string; ok: boolean; error: { code: string } | null; at: string };

/** The agent's way to the service, which can be cut. */
async function openProxy(port: number) {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    cut(cut: boolean) {
      isCut = cut;
      if (cut) for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const samplesOf = async (api: ServiceApi, id: string) =>
  (await api.send('GET', `/v1/benchmarks/${id}/samples?limit=500`)).body.items as SampleAnswer[];

test('an agent that is killed and cut off in the middle of a campaign loses no sample and reports none twice', async () => {
  await using folder = await openTempFolder('download-agent');
  await using singapore = await openTestRegistry();
  await using korea = await openTestRegistry();
  const configPath = await writeServiceConfig(folder.path, {
    registries: { singapore: { url: singapore.url }, korea: { url: korea.url } },
    choose: 'singapore',
  });
  await using service = await startServiceProcess({ configPath, dataPath: `${folder.path}/data` });
  await using proxy = await openProxy(service.port);
  const { api } = service;
  const { token } = await api.withToken({ role: 'agent', site: 'us-east' });
  const samples = `${folder.path}/agent/samples`;
  const startAgent = () =>
    startAgentProcess({
      ...{ site: 'us-east', dataPath: `${folder.path}/agent`, serviceUrl: proxy.url },
      env: { ENTREPOT_TOKEN: token },
    });
  const kept = async () => (await readdir(samples).catch(() => [])).filter((name) => name.endsWith('.json'));
  const download = (all: readonly SampleAnswer[]) => all.filter(({ leg }) => leg === 'download');

  await using first = await startAgent();
  const { body } = await api.send('POST', '/v1/benchmarks', {
    ...{ rounds: 6, legs: ['upload', 'download'], payloads: ['1MB'], idle: '1s' },
  });
  const id = String(body.id);
  await eventually(async () => download(await samplesOf(api, id)).length >= 1, { what: 'a first download' });

  // Killed while it measures: the work is given to it again.
  const untilMeasuring = () =>
    eventually(
      async () => {
        const { agents } = (await api.send('GET', `/v1/benchmarks/${id}`)).body as { agents: { state: string }[] };
        return agents[0]?.state === 'measuring';
      },
      { what: 'a download under way', deadlineMs: 20_000 },
    );
  await untilMeasuring();
  await first.kill();
  await using second = await startAgent();
  await eventually(async () => download(await samplesOf(api, id)).length >= 4, { what: 'more', deadlineMs: 30_000 });

  // Cut off while it measures: its sample waits on disk, also over a kill.
  await untilMeasuring();
  proxy.cut(true);
  await eventually(async () => (await kept()).length === 1, { what: 'a kept sample', deadlineMs: 20_000 });
  await second.kill();
  await using _third = await startAgent();
  expect(await kept()).toHaveLength(1);
  proxy.cut(false);

  await eventually(
    async () => {
      const { body: now } = await api.send('GET', `/v1/benchmarks/${id}`);
      if (now.state !== 'finished') throw new Error(JSON.stringify(now));
      return true;
    },
    { what: 'the end of the campaign', deadlineMs: 120_000 },
  );
  const all = await samplesOf(api, id);
  expect(all).toHaveLength(24);
  expect(new Set(all.map((sample) => sample.id)).size).toBe(24);
  expect(download(all).map(({ ok, error }) => [ok, error])).toEqual(Array(12).fill([true, null]));
  expect(await kept()).toEqual([]);
  const { body: report } = await api.send('GET', `/v1/benchmarks/${id}/report?site=us-east`);
  expect(report.samples).toBe(24);
  const { body: advice } = await api.send('GET', '/v1/recommendation?site=us-east');
  expect(advice.site).toBe('us-east');
}, 180_000);
