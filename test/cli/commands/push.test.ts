import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CommandLine, entrepot } from '../support/command-line.ts';
import { exampleLeg, examplePush, placedLeg, placedPush } from '../support/example-push.ts';
import { cut, events, json, problem, ScriptedApi } from '../support/scripted-api.ts';

const FROM = ['push', 'team/app:1.2.3', '--from', 'harbor.bj/team/app:1.2.3'];
const STREAM = 'GET /v1/pushes/push_1/events';
const PUSH = 'GET /v1/pushes/push_1';
const accepted = json(examplePush(), 202);
const running = json(examplePush());
const placed = json(placedPush());
const end = { id: 9, event: 'end', data: { push: 'push_1', state: 'placed' } };

function failedPush(state: 'partial' | 'failed') {
  const error = {
    code: 'remote_denied',
    detail: 'PUT manifest: answered 403',
    side: 'target',
    step: 'manifest upload',
    at: '2026-03-01T08:00:20.000Z',
  };
  const failed = exampleLeg({ state: 'failed', rate: null, error });
  const other =
    state === 'partial'
      ? placedLeg({ registry: 'aliyun-beijing', role: 'home' })
      : { ...failed, registry: 'aliyun-beijing' };
  return placedPush({ state, transfers: [other, failed] });
}

describe('push --from', () => {
  test('follows the push and sums up what landed where', async () => {
    await using api = await ScriptedApi.open();
    api
      .on('POST /v1/pushes', accepted)
      .on(STREAM, events({ id: 1, event: 'push', data: examplePush() }, end))
      .on(PUSH, running, placed);
    const { exitCode, stdout, stderr } = await entrepot(
      { url: api.url, nowMs: Date.parse('2026-03-01T08:00:12.000Z') },
      ...FROM,
    );
    expect(exitCode).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "team/app:1.2.3 is placed everywhere in 34.2 s.
      digest sha256:3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f

      REGISTRY        ROLE   STATE     TOOK    SENT  SAVED
      aliyun-beijing  home   placed  34.2 s  150 MB    0 B
      singapore       relay  placed  34.2 s  150 MB    0 B

      300 MB sent, 0 B saved because it was there already
      "
    `);
    expect(stderr).toMatchInlineSnapshot(`
      "team/app:1.2.3: accepted as push push_1
      aliyun-beijing: sending, 42%  63 MB of 150 MB  4.2 MB/s  20.7 s left
      singapore: sending, 42%  63 MB of 150 MB  4.2 MB/s  20.7 s left
      "
    `);
    expect(JSON.parse(api.requests[0]?.body ?? '')).toEqual({
      image: 'team/app:1.2.3',
      source: 'harbor.bj/team/app:1.2.3',
    });
  });

  test('sends every option, and the token as Bearer', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/pushes', json(placedPush(), 202));
    const options = [
      '--target',
      'singapore',
      '--target',
      'japan',
      '--platform',
      'linux/amd64',
      '--label',
      'commit=1a2b',
      '--label',
      'note=a=b',
    ];
    const more = [
      '--no-referrers',
      '--priority',
      'urgent',
      '--deadline',
      '6h',
      '--idempotency-key',
      'build-7',
      '--token',
      'tok-1',
    ];
    expect((await entrepot({ url: api.url }, ...FROM, ...options, ...more)).exitCode).toBe(0);
    const [request] = api.requests;
    expect(request?.headers).toMatchObject({ authorization: 'Bearer tok-1', 'idempotency-key': 'build-7' });
    expect(JSON.parse(request?.body ?? '')).toEqual({
      image: 'team/app:1.2.3',
      source: 'harbor.bj/team/app:1.2.3',
      targets: ['singapore', 'japan'],
      platforms: ['linux/amd64'],
      referrers: false,
      labels: { commit: '1a2b', note: 'a=b' },
      priority: 'urgent',
      deadline: '6h',
    });
  });

  test('says that nothing was sent when everything was there already', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/pushes', json(placedPush({ unchanged: true }), 202));
    const { exitCode, stdout } = await entrepot({ url: api.url }, ...FROM);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('team/app:1.2.3 is placed everywhere already: nothing was sent.');
  });

  test.each(['partial', 'failed'] as const)('ends with 1 for a %s push and says where and why', async (state) => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/pushes', json(failedPush(state), 202));
    const { exitCode, stdout } = await entrepot({ url: api.url }, ...FROM);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('PUT manifest: answered 403');
    expect(stdout).toContain('entrepot retry push_1');
    expect(stdout).toContain(state === 'partial' ? 'is placed at 1 of 2 registries' : 'was placed nowhere');
  });

  test('ends with 1 for a cancelled push', async () => {
    await using api = await ScriptedApi.open();
    api
      .on('POST /v1/pushes', accepted)
      .on(STREAM, events(end))
      .on(PUSH, running, json(placedPush({ state: 'cancelled' })));
    const { exitCode, stdout } = await entrepot({ url: api.url }, ...FROM);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('was cancelled; 2 of 2 registries had it by then');
  });

  test('ends with 3 when time runs out, while the push goes on', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/pushes', accepted).on(STREAM, events('hang')).on(PUSH, running);
    const { exitCode, stdout, stderr } = await entrepot({ url: api.url }, ...FROM, '--timeout', '150ms');
    expect(exitCode).toBe(3);
    expect(stdout).toContain('is placed at 0 of 2 registries so far');
    expect(stderr).toContain('Push push_1 still runs after 150 ms');
    expect(stderr).toContain('entrepot watch push_1');
  });

  test('leaves the push running at Ctrl-C, says so, and ends with 130', async () => {
    await using api = await ScriptedApi.open();
    const checking = { id: 1, event: 'transfer', data: { push: 'push_1', ...exampleLeg({ state: 'verifying' }) } };
    api.on('POST /v1/pushes', accepted).on(STREAM, events(checking, 'hang')).on(PUSH, running);
    const line = new CommandLine({ url: api.url });
    const result = line.run(...FROM);
    await line.written('singapore: checking');
    line.interrupt();
    const { exitCode, stderr } = await result;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('Stopped watching; push push_1 goes on.');
    expect(api.lines().some((request) => request.includes('cancel'))).toBe(false);
  });

  test('Ctrl-C before the service answered ends with 130 and says that trying again is safe', async () => {
    await using api = await ScriptedApi.open();
    const line = new CommandLine({ url: api.url });
    api.on('POST /v1/pushes', () => line.interrupt());
    const { exitCode, stdout, stderr } = await line.run(...FROM);
    expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: '' });
    expect(stderr).toContain('Giving the same command again is safe');
  });

  test('--no-wait prints the id alone', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/pushes', accepted);
    const { exitCode, stdout } = await entrepot({ url: api.url }, ...FROM, '--no-wait');
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'push_1\n' });
  });

  test('is sent again with the same key when its answer got lost', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/pushes', cut, json(placedPush(), 202));
    const { exitCode, stderr } = await entrepot({ url: api.url }, ...FROM);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('trying again (attempt 2 of 4)');
    const keys = api.requests.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
  });
});

describe('push --json', () => {
  test('writes the push as JSON lines, the last one as it ended, and nothing on stderr', async () => {
    await using api = await ScriptedApi.open();
    const verifying = exampleLeg({ state: 'verifying', push: 'push_1' });
    api
      .on('POST /v1/pushes', accepted)
      .on(STREAM, events({ id: 1, event: 'transfer', data: verifying }, end))
      .on(PUSH, running, placed);
    const { exitCode, stdout, stderr } = await entrepot({ url: api.url }, ...FROM, '--json');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(lines.map(({ state, transfers }) => [state, transfers[1].state])).toEqual([
      ['running', 'running'],
      ['running', 'verifying'],
      ['placed', 'placed'],
    ]);
    expect(lines.at(-1)).toEqual(placedPush());
    expect(lines[1].transfers[1]).not.toHaveProperty('push');
  });

  test('with --no-wait is exactly one value', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/pushes', accepted);
    const { stdout } = await entrepot({ url: api.url }, ...FROM, '--json', '--no-wait');
    expect(JSON.parse(stdout)).toEqual(examplePush());
  });

  test('when time runs out ends with the push as it is, and a problem on stderr', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/pushes', accepted).on(STREAM, events('hang')).on(PUSH, running);
    const { exitCode, stdout, stderr } = await entrepot({ url: api.url }, ...FROM, '--json', '--timeout', '100ms');
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ id: 'push_1', state: 'running' });
    expect(JSON.parse(stderr)).toMatchObject({ code: 'timed_out' });
  });

  test('hands on the problem that the service answered', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/pushes', problem(422, 'source_unknown', 'no source "nope"', { hello: 'there' }));
    const { exitCode, stdout, stderr } = await entrepot({ url: api.url }, ...FROM, '--json');
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({
      code: 'source_unknown',
      detail: 'no source "nope"',
      hello: 'there',
      instance: '/v1/x',
    });
  });
});

describe('push --archive', () => {
  test('streams a file with its size and its options as query', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'entrepot-cli-'));
    try {
      const file = join(folder, 'image.tar');
      await writeFile(file, 'x'.repeat(700_000));
      await using api = await ScriptedApi.open();
      api.on('POST /v1/pushes', json(placedPush(), 202));
      const options = ['--target', 'japan', '--label', 'a=b', '--no-referrers'];
      const { exitCode, stderr } = await entrepot(
        { url: api.url },
        'push',
        'team/app:1.2.3',
        '--archive',
        file,
        ...options,
      );
      expect(exitCode).toBe(0);
      expect(stderr).toContain('archive uploaded (700 kB)');
      const [request] = api.requests;
      expect(request?.line).toBe('POST /v1/pushes?image=team%2Fapp%3A1.2.3&targets=japan&labels=a%3Db&referrers=false');
      expect(request?.headers).toMatchObject({ 'content-type': 'application/x-tar', 'content-length': '700000' });
      expect(request?.body.length).toBe(700_000);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('- streams standard input', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/pushes', json(placedPush(), 202));
    const stdin = (async function* () {
      yield Buffer.from('first, ');
      yield Buffer.from('second');
    })();
    expect((await entrepot({ url: api.url, stdin }, 'push', 'team/app:1.2.3', '--archive', '-')).exitCode).toBe(0);
    expect(api.requests[0]?.body).toBe('first, second');
  });

  test('shows on a terminal how much was sent, in place', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/pushes', json(placedPush(), 202));
    const line = new CommandLine({ url: api.url, terminal: { columns: 60, rows: 24 }, stdin: slowly() });
    async function* slowly() {
      yield Buffer.alloc(2_000_000);
      await line.written('uploading the archive: 2.0 MB');
      yield Buffer.alloc(1_000_000);
    }
    const { stderr } = await line.run('push', 'team/app:1.2.3', '--archive', '-');
    expect(stderr).toContain('\ruploading the archive: 2.0 MB\x1b[K');
    expect(stderr).toContain('\rarchive uploaded (3.0 MB); the service is making it safe\x1b[K\n');
  });

  test('is not sent twice when the connection breaks', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/pushes', cut);
    const stdin = (async function* () {
      yield Buffer.from('bytes');
    })();
    const { exitCode, stderr } = await entrepot({ url: api.url, stdin }, 'push', 'team/app:1.2.3', '--archive', '-');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('[connection_lost]');
  });

  test.each([
    ['- on a terminal', '-', 'which is a terminal here'],
    ['a file that is not there', '/nowhere/image.tar', 'cannot read the archive /nowhere/image.tar'],
    ['a folder', tmpdir(), 'it is a folder'],
  ])('%s is wrong usage', async (_, file, message) => {
    const { exitCode, stderr } = await entrepot(
      { url: 'http://127.0.0.1:1' },
      'push',
      'team/app:1.2.3',
      '--archive',
      file,
    );
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('a registry that holds another digest than the push', () => {
  test('is said to lack the attestations, as its placement says', async () => {
    await using api = await ScriptedApi.open();
    const own = `sha256:${'4a'.repeat(32)}`;
    const push = placedPush({
      transfers: [placedLeg({ registry: 'aliyun-beijing', role: 'home', digest: own }), placedLeg()],
    });
    const release = {
      tag: '1.2.3',
      digest: push.digest,
      push: 'push_1',
      acceptedAt: null,
      placements: [
        { registry: 'aliyun-beijing', digest: own, note: 'delivered without attestations' },
        { registry: 'singapore', digest: push.digest, note: null },
      ],
    };
    api.on('POST /v1/pushes', json(push, 202)).on('GET /v1/images/team%2Fapp/tags/1.2.3', json(release));
    const { exitCode, stdout } = await entrepot({ url: api.url }, ...FROM);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('\naliyun-beijing: delivered without attestations\n');
    expect(stdout).not.toContain('singapore: delivered');
  });

  test('takes no attestations: what to do about it is said', async () => {
    await using api = await ScriptedApi.open();
    const error = { code: 'attestations_refused', detail: 'denied', side: 'target', step: 'manifest upload', at: null };
    const push = placedPush({ state: 'failed', transfers: [exampleLeg({ state: 'failed', rate: null, error })] });
    api.on('POST /v1/pushes', json(push, 202));
    const { exitCode, stdout } = await entrepot({ url: api.url }, ...FROM);
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('set "attestations: drop"')]);
  });
});
