import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { openTestRegistry } from '../support/registry.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { parseLine, runServiceProcess, startServiceProcess } from '../support/service-process.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { TEST_TOKEN } from '../support/test-token.ts';

async function openWorld() {
  const folder = await openTempFolder('stop');
  const aliyun = await openTestRegistry();
  const configPath = await writeServiceConfig(folder.path, { registries: { aliyun } });
  return {
    ...{ configPath, dataPath: join(folder.path, 'data') },
    async [Symbol.asyncDispose]() {
      await aliyun.close();
      await folder.remove();
    },
  };
}

it('a service that was told to stop waits for what is under way, and a second signal hurries it', {
  timeout: 120_000,
}, async () => {
  await using world = await openWorld();
  const service = await startServiceProcess(world);
  // An archive that is sent for ever.
  const socket = connect(service.port, '127.0.0.1');
  socket.on('error', () => {});
  const head = `authorization: Bearer ${TEST_TOKEN}\r\ncontent-type: application/x-tar\r\ntransfer-encoding: chunked`;
  socket.write(
    `POST /v1/pushes?image=team/app:1 HTTP/1.1\r\nhost: localhost\r\n${head}\r\n\r\n400\r\n${'\0'.repeat(400)}`,
  );
  await eventually(async () => (await service.api.send('GET', '/readyz')).status === 200);
  process.kill(service.pid, 'SIGTERM');
  await eventually(() => service.stdout.includes('"event":"stopping"'));
  // Until its end it says that it is not ready, and answers all the same.
  const { status, body } = await service.api.send('GET', '/readyz');
  expect([status, JSON.stringify(body)]).toEqual([503, expect.stringContaining('starting or stopping')]);
  expect((await service.api.send('GET', '/v1/images')).status).toBe(200);
  await sleep(1_000);
  expect(service.hasEnded).toBe(false);
  const hurriedAt = performance.now();
  expect((await service.stop()).code).toBe(1);
  // Else it were given ten seconds.
  expect(performance.now() - hurriedAt).toBeLessThan(5_000);
  socket.destroy();
  // What was acknowledged is there.
  await using again = await startServiceProcess(world);
  expect((await again.api.send('GET', '/readyz')).status).toBe(200);
});

// Root writes wherever it likes, but not on what is mounted for reading.
it.skipIf(process.getuid?.() !== 0)(
  'a disk that is mounted for reading ends the start, with the remedy',
  { timeout: 120_000 },
  async () => {
    await using world = await openWorld();
    {
      await using service = await startServiceProcess(world);
      await service.stop();
    }
    const mount = `mount --bind "${world.dataPath}" "${world.dataPath}" && mount -o remount,ro,bind "${world.dataPath}"`;
    const ended = await runServiceProcess({
      ...world,
      through: ['unshare', '-m', 'sh', '-c', `${mount} && exec "$@"`, 'sh'],
    });
    expect([ended.code, ended.stderr]).toEqual([1, expect.stringMatching(/writable|read-only/i)]);
    await using service = await startServiceProcess(world);
    expect((await service.api.send('GET', '/readyz')).status).toBe(200);
  },
);

it('what callers send cannot write lines into the log', { timeout: 120_000 }, async () => {
  await using world = await openWorld();
  await using service = await startServiceProcess({ ...world, env: { ENTREPOT_LOG_LEVEL: 'debug' } });
  const evil = '%0d%0a{"level":"error","event":"forged"}';
  for (const path of [`/v1/images/team%2fapp${evil}`, `/v2/team/${evil}/manifests/1`, `/v1/resolve?image=a:1${evil}`])
    await service.api.fetch(path, { headers: { 'x-request-id': 'forged"},{"event":"forged' } });
  await service.api.fetch('/v1/pushes', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ image: 'team/app:1\n{"event":"forged"}', source: 'x/\u2028\n{"event":"forged"}' }),
  });
  await service.stop();
  const lines = service.stdout.split('\n').slice(0, -1);
  expect(lines.filter((line) => parseLine(line) === undefined)).toEqual([]);
  expect(lines.filter((line) => parseLine(line)?.event === 'forged')).toEqual([]);
  expect(lines.length).toBeGreaterThan(5);
});
