import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPeerService, type PeerService } from '../peers/peer-service.ts';
import { openTestRegistry, type TestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { makeImage } from '../support/test-image.ts';

const ROOT = resolve(import.meta.dirname, '../..');

describe('the examples, with a service and registries on loopback', () => {
  const opened = new AsyncDisposableStack();
  const image = makeImage({ platforms: ['linux/amd64'], layers: [{ size: 100_000 }] });
  let home: TestRegistry;
  let relay: TestRegistry;
  let service: PeerService;

  beforeAll(async () => {
    const source = opened.use(await openTestRegistry());
    home = opened.use(await openTestRegistry());
    relay = opened.use(await openTestRegistry());
    for (const tag of ['1', '2']) await seedImage(source, 'team/app', tag, image);
    service = opened.use(
      await openPeerService({
        source: { url: source.url },
        home: { url: home.url },
        relays: { singapore: { url: relay.url } },
      }),
    );
  });
  afterAll(() => opened.disposeAsync());

  async function run(command: string, ...args: string[]) {
    // The scripts say `node`: the one that runs the tests will do, and is always there.
    const path = `${dirname(process.execPath)}:${process.env.PATH}`;
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: path, ENTREPOT_URL: service.url, ENTREPOT_TOKEN: service.token, CI: 'true' },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(child, 'close');
    return { code, stdout, stderr };
  }

  test('push-and-resolve.sh prints where to pull, and nothing else', async () => {
    const script = join(ROOT, 'examples/push-and-resolve.sh');
    const { code, stdout, stderr } = await run('sh', script, 'source/team/app:1', 'us-east-prod');
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: `${relay.address}/team/app@${image.digest}\n` });
    expect((await run('sh', script, 'source/team/none:1', 'us-east-prod')).code).toBe(1);
  });

  test('follow-a-push.ts tells of each leg until it is placed, and where the clusters pull', async () => {
    const script = join(ROOT, 'examples/follow-a-push.ts');
    const { code, stdout, stderr } = await run(process.execPath, script, 'team/app:2', 'source/team/app:2');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.at(0)).toMatch(/^team\/app:2 is push /);
    for (const registry of ['home', 'singapore']) expect(stdout).toContain(`${registry}: placed, `);
    expect(lines.slice(-3)).toEqual([
      'the push is placed',
      `cn-prod pulls ${home.address}/team/app@${image.digest} (home)`,
      `us-east-prod pulls ${relay.address}/team/app@${image.digest} (chosen)`,
    ]);
    const unknown = await run(process.execPath, script, 'team/app:3', 'source/team/app:3');
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringMatching(/^source_not_found: /) });
  });
});
