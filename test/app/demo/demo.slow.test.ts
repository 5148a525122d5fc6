import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { openTempFolder } from '../../support/temp-folder.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/cli/main.ts');
const REFERENCE = /^127\.0\.0\.1:\d+\/(web3d\/)?team\/app@sha256:[0-9a-f]{64}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

vi.setConfig({ testTimeout: 120_000 });

/** Starts `entrepot demo` with a folder of its own for what is temporary. */
async function startDemo(args: readonly string[], options: { nodeOptions?: string } = {}) {
  const folder = await openTempFolder('demo-test');
  // As its launcher would start it: with what was compiled before.
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(process.execPath, [MAIN, 'demo', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH, NODE_COMPILE_CACHE, TMPDIR: folder.path, NODE_OPTIONS: options.nodeOptions ?? '' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, stdout, stderr }));
  const dispose = async () => {
    await end(child);
    await folder.remove();
  };
  return {
    child,
    folder: folder.path,
    ended,
    told: (text: string) =>
      eventually(() => stderr.includes(text), { deadlineMs: 150_000, what: `the demo says ${text}` }),
    stdout: () => stdout,
    stderr: () => stderr,
    [Symbol.asyncDispose]: dispose,
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  await gone;
}

/** Processes whose command line names a path below the folder: the service of a demo that had it for its own. */
async function findProcesses(folder: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return ids.filter((id) => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}

async function expectNothingLeft(folder: string): Promise<void> {
  expect(await readdir(folder)).toEqual([]);
  expect(await findProcesses(folder)).toEqual([]);
}

describe('the demo, told to --keep what it has made', () => {
  let demo: Awaited<ReturnType<typeof startDemo>>;
  beforeAll(async () => {
    demo = await startDemo(['--json', '--keep']);
    await Promise.race([demo.told('Left running'), demo.ended]);
  }, 170_000);
  afterAll(() => demo[Symbol.asyncDispose]());

  test('does the main job and prints one object', async () => {
    const told = await eventually(() => JSON.parse(demo.stdout()), { what: demo.stderr() });
    expect(Object.keys(told)).toEqual([
      'push',
      'choice',
      'measured',
      'resolve',
      'killedAndRecovered',
      'bytesResent',
      'elapsedMs',
      'urls',
    ]);

    const { push } = told;
    expect(push).toMatchObject({
      id: expect.stringMatching(/./),
      image: 'team/app:1.2.3',
      name: 'team/app',
      tag: '1.2.3',
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      source: { kind: 'registry', reference: 'harbor.bj/team/app:1.2.3' },
      state: 'placed',
      unchanged: false,
      createdAt: expect.stringMatching(INSTANT),
      finishedAt: expect.stringMatching(INSTANT),
      labels: {},
      links: { self: `/v1/pushes/${push.id}`, events: `/v1/pushes/${push.id}/events` },
    });
    // Several layers of tens of megabytes.
    expect(push.bytesTotal).toBeGreaterThan(30_000_000);
    expect(push.bytesLanded).toBe(push.bytesTotal);
    expect(push.transfers.map(({ registry, role }: Record<string, unknown>) => [registry, role])).toEqual([
      ['aliyun-beijing', 'home'],
      ['korea', 'relay'],
    ]);
    for (const leg of push.transfers) {
      expect(leg).toMatchObject({
        state: 'placed',
        digest: push.digest,
        blobsDone: leg.blobsTotal,
        bytesTotal: push.bytesTotal,
        bytesSavedPresent: expect.any(Number),
        bytesSavedMounted: expect.any(Number),
        placedAt: expect.stringMatching(INSTANT),
        nextAttemptAt: null,
        error: null,
      });
    }
    expect(push.transfers[1].attempts).toBeGreaterThan(1);

    expect(told.choice).toMatchObject({
      image: 'team/app',
      registry: 'singapore',
      revision: 1,
      source: 'image',
      who: expect.any(String),
      at: expect.stringMatching(INSTANT),
      reason: expect.stringContaining('recommended provisionally: singapore'),
      previous: 'korea',
      backfill: { total: 1, placed: 1, failed: 0 },
    });
    const answer = (registry: string, state: string) => ({
      reference: expect.stringMatching(REFERENCE),
      registry,
      region: expect.any(String),
      digest: push.digest,
      sourceDigest: push.digest,
      tag: '1.2.3',
      state,
      reason: null,
      verifiedAt: expect.stringMatching(INSTANT),
      asOf: expect.stringMatching(INSTANT),
      push: null,
      alternatives: expect.any(Array),
    });
    expect(told.resolve).toEqual({
      before: {
        'cn-prod': expect.objectContaining(answer('aliyun-beijing', 'home')),
        'us-east-prod': expect.objectContaining(answer('korea', 'chosen')),
      },
      after: {
        'cn-prod': expect.objectContaining(answer('aliyun-beijing', 'home')),
        'us-east-prod': expect.objectContaining(answer('singapore', 'chosen')),
      },
    });
    expect(told.resolve.after['us-east-prod'].choice).toMatchObject({ registry: 'singapore', revision: 1 });
    expect([told.choice.evidence.registry, told.choice.evidence.state]).toEqual(['singapore', 'provisional']);
    const { benchmark, recommendation } = told.measured;
    expect(benchmark).toMatchObject({ state: 'finished', rounds: 6, samples: 48, leftOut: [] });
    expect(benchmark.agents).toMatchObject([{ site: 'us-east', agent: 'us-east' }]);
    expect(recommendation).toMatchObject({ site: 'us-east', registry: 'singapore', state: 'provisional' });
    expect(recommendation.legs).toEqual(['upload', 'download']);
    expect(recommendation.missing.length).toBeGreaterThan(0);
    expect(recommendation.reasons.length).toBeGreaterThan(0);
    for (const { figures } of recommendation.ranked) expect(figures.legs.download).toBeGreaterThan(0);
    expect(told.killedAndRecovered).toBe(true);
    expect(told.bytesResent).toBe(
      push.transfers.reduce((sum: number, leg: { bytesResent: number }) => sum + leg.bytesResent, 0),
    );
    // At most the chunks that were on their way: one a connection.
    expect(told.bytesResent).toBeLessThan(0.2 * push.bytesTotal);
    for (const words of [
      'kill -9',
      'entrepot choose team/app --recommended --provisional',
      'every byte as its digest says',
      'Done in',
    ])
      expect(demo.stderr()).toContain(words);
  });

  test('takes less than a minute', async () => {
    const { elapsedMs } = JSON.parse(demo.stdout());
    expect(elapsedMs).toBeLessThan(60_000);
    expect(elapsedMs).toBeGreaterThan(1_000);
  });

  test('prints where everything is, goes on until it is told to end, and then puts all away', async () => {
    const { urls, resolve: answers } = await eventually(() => JSON.parse(demo.stdout()));
    expect(Object.keys(urls)).toEqual([
      'entrepot',
      'origin',
      'aliyun-beijing',
      'singapore',
      'korea',
      'japan',
      'us-west',
    ]);
    const image = 'image=team/app:1.2.3&cluster=us-east-prod';
    const tokenPath = /ENTREPOT_TOKEN=\$\(cat (\S+)\)/.exec(demo.stderr())?.[1] ?? '';
    const authorization = `Bearer ${(await readFile(tokenPath, 'utf8')).trim()}`;
    const headers = { accept: 'text/plain', authorization };
    const resolved = await fetch(`${urls.entrepot}/v1/resolve?${image}`, { headers });
    expect(await resolved.text()).toBe(`${answers.after['us-east-prod'].reference}\n`);
    expect((await fetch(`${urls.japan}/v2/`)).status).toBe(200);
    expect(demo.stderr()).toContain(urls.entrepot);
    demo.child.kill('SIGTERM');
    expect((await demo.ended).code).toBe(0);
    await expect(fetch(`${urls.entrepot}/healthz`)).rejects.toThrow();
    await expectNothingLeft(demo.folder);
  });
});

describe.concurrent('the demo', () => {
  test('told to end in the middle it puts everything away, says so, and prints no object', async () => {
    await using demo = await startDemo(['--json']);
    await demo.told('accepted as');
    demo.child.kill('SIGINT');
    const { code, stdout, stderr } = await demo.ended;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toContain('Ended by SIGINT');
    await expectNothingLeft(demo.folder);
  });

  test('killed in the middle it takes its service along', async () => {
    await using demo = await startDemo(['--json']);
    await demo.told('accepted as');
    await end(demo.child);
    await eventually(async () => (await findProcesses(demo.folder)).length === 0, { what: 'the service is gone' });
  });

  test('a service that cannot start: exit 1, what went wrong on stderr, and no object', async () => {
    await using folder = await openTempFolder('demo-test');
    const preload = join(folder.path, 'refuse.cjs');
    // Only the service gets this far with `serve`.
    await writeFile(preload, 'if (process.argv[2] === "serve") { console.error("no room here"); process.exit(9); }');
    await using demo = await startDemo(['--json'], { nodeOptions: `--require=${preload}` });
    const { code, stdout, stderr } = await demo.ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/The demo failed while starting the service: .*exit status 9.*no room here/);
    await expectNothingLeft(demo.folder);
  });
});
