import { describe, expect, test } from 'vitest';
import { entrepot } from '../support/command-line.ts';
import { exampleLeg, examplePush, placedPush } from '../support/example-push.ts';
import { json, problem, ScriptedApi } from '../support/scripted-api.ts';

const nowMs = Date.parse('2026-03-03T08:00:00.000Z');
const release = (tag: string, registries: string[]) => ({
  tag,
  digest: `sha256:${'ab'.repeat(32)}`,
  push: 'push_1',
  acceptedAt: '2026-03-03T07:20:00.000Z',
  placements: registries.map((registry) => ({
    registry,
    digest: 'sha256:ab',
    placedAt: '2026-03-03T07:21:00.000Z',
    verifiedAt: '2026-03-03T07:21:00.000Z',
  })),
});
const choice = {
  image: 'team/app',
  registry: 'singapore',
  revision: 2,
  source: 'image',
  who: 'ops',
  at: null,
  reason: null,
  previous: null,
  backfill: null,
};

describe('images', () => {
  test('lists every image, page by page', async () => {
    await using api = await ScriptedApi.open();
    const first = {
      items: [{ name: 'team/app', tags: 12, pushedAt: '2026-03-03T07:59:50.000Z', registry: 'singapore' }],
      next: 'c1',
    };
    const second = {
      items: [{ name: 'web', tags: 1, pushedAt: '2026-02-01T08:00:00.000Z', registry: null }],
      next: null,
    };
    api.on('GET /v1/images', json(first), json(second));
    const { exitCode, stdout } = await entrepot({ url: api.url, nowMs }, 'images');
    expect(exitCode).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "IMAGE     TAGS  CHOICE     PUSHED
      team/app    12  singapore  just now
      web          1             30 d ago
      "
    `);
    expect(api.lines()).toEqual(['GET /v1/images?limit=200', 'GET /v1/images?limit=200&cursor=c1']);
  });

  test('--json is one list with the items of all pages', async () => {
    await using api = await ScriptedApi.open();
    api.on(
      'GET /v1/images',
      json({ items: [{ name: 'a', tags: 1, pushedAt: null, registry: null, extra: 1 }], next: 'c1' }),
      json({ items: [{ name: 'b' }], next: null }),
    );
    const { stdout, stderr } = await entrepot({ url: api.url }, 'images', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ items: [{ name: 'a', extra: 1 }, { name: 'b' }], next: null });
    expect(stderr).toBe('');
  });

  test('says how to begin when there is none', async () => {
    await using api = await ScriptedApi.open();
    api.on('GET /v1/images', json({ items: [], next: null }));
    const { stdout, stderr } = await entrepot({ url: api.url }, 'images');
    expect(stdout).toBe('');
    expect(stderr).toContain('entrepot push team/app:1.0 --from SOURCE');
  });

  test('with a name shows its choice and every release with where it is', async () => {
    await using api = await ScriptedApi.open();
    const image = (items: unknown[], next: string | null) =>
      json({ name: 'team/app', tags: 3, pushedAt: null, choice, releases: { items, next } });
    api.on(
      'GET /v1/images/team%2Fapp',
      image([release('1.3', ['aliyun-beijing', 'singapore']), release('1.2', [])], 'c9'),
      image([{ ...release('1.1-arm', ['aliyun-beijing']), platforms: ['linux/arm64'] }], null),
    );
    const { exitCode, stdout } = await entrepot({ url: api.url, nowMs }, 'images', 'team/app');
    expect(exitCode).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "team/app  from singapore (image, revision 2)
      TAG      DIGEST                           PLACED AT                  PUSHED
      1.3      sha256:abababababab              aliyun-beijing, singapore  40 min ago
      1.2      sha256:abababababab              nowhere yet                40 min ago
      1.1-arm  sha256:abababababab linux/arm64  aliyun-beijing             40 min ago
      "
    `);
    expect(api.lines()[1]).toBe('GET /v1/images/team%2Fapp?limit=200&cursor=c9');
  });

  test('an unknown name is a failure with a hint', async () => {
    await using api = await ScriptedApi.open();
    api.on('GET /v1/images/nope', problem(404, 'image_unknown', 'Nothing was pushed as "nope"'));
    const { exitCode, stderr } = await entrepot({ url: api.url }, 'images', 'nope');
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      'entrepot: Nothing was pushed as "nope" [image_unknown]\n  See what was pushed: entrepot images\n',
    );
  });

  test('a name with a tag is wrong usage', async () => {
    expect((await entrepot({ url: 'http://127.0.0.1:1' }, 'images', 'team/app:1')).exitCode).toBe(2);
  });
});

describe('pushes', () => {
  test('lists pushes with how far they are', async () => {
    await using api = await ScriptedApi.open();
    api.on('GET /v1/pushes', json({ items: [examplePush({ id: 'push_2' }), placedPush()], next: 'more' }));
    const { exitCode, stdout } = await entrepot(
      { url: api.url },
      'pushes',
      '--image',
      'team/app',
      '--state',
      'running',
      '--limit',
      '2',
    );
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^PUSH {4}IMAGE {11}STATE {4}PLACED {2}PUSHED {14}TOOK\npush_2 {2}team\/app:1.2.3 {2}running {5}0\/2 {2}2026-\d\d-\d\d \d\d:\d\d *\npush_1/,
    );
    expect(api.lines()).toEqual(['GET /v1/pushes?image=team%2Fapp&state=running&limit=2']);
  });

  test('a limit that is no number is wrong usage', async () => {
    expect((await entrepot({ url: 'http://127.0.0.1:1' }, 'pushes', '--limit', 'all')).exitCode).toBe(2);
  });
});

describe('cancel and retry', () => {
  test('cancel says what had arrived by then', async () => {
    await using api = await ScriptedApi.open();
    api.on(
      'POST /v1/pushes/push_1/cancel',
      json(
        placedPush({
          state: 'cancelled',
          transfers: [exampleLeg({ state: 'cancelled' }), exampleLeg({ state: 'placed' })],
        }),
      ),
    );
    expect(await entrepot({ url: api.url }, 'cancel', 'push_1')).toEqual({
      exitCode: 0,
      stdout: 'Push push_1 is cancelled; 1 of 2 registries had it by then.\n',
      stderr: '',
    });
  });

  test('cancel of a finished push is a failure', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/pushes/push_1/cancel', problem(409, 'already_finished', 'Push push_1 is placed already'));
    const { exitCode, stderr } = await entrepot({ url: api.url }, 'cancel', 'push_1', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'already_finished' });
  });

  test('retry says how many are to go, and how to watch', async () => {
    await using api = await ScriptedApi.open();
    api.on(
      'POST /v1/pushes/push_1/retry',
      json(examplePush({ transfers: [exampleLeg({ state: 'queued' }), exampleLeg({ state: 'placed' })] })),
    );
    const { exitCode, stdout, stderr } = await entrepot({ url: api.url }, 'retry', 'push_1');
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'Push push_1 runs again: 1 registry to go.\n' });
    expect(stderr).toContain('entrepot watch push_1');
  });
});
