import { describe, expect, test } from 'vitest';
import { entrepot } from '../support/command-line.ts';
import { json, problem, ScriptedApi } from '../support/scripted-api.ts';

const RESOLVE = ['resolve', 'team/app:1.2.3', '--cluster', 'us-east-prod'];
const ROUTE = 'GET /v1/resolve';
const REFERENCE = `sg.example/team/app@sha256:${'3f'.repeat(32)}`;

function answer(changes: Record<string, unknown> = {}) {
  return {
    reference: REFERENCE,
    registry: 'singapore',
    region: 'ap-southeast-1',
    state: 'chosen',
    reason: null,
    push: null,
    alternatives: [],
    ...changes,
  };
}

const fallback = json(
  answer({ registry: 'aliyun-beijing', state: 'fallback', reason: 'singapore does not have it yet', push: 'push_7' }),
);
const notPlaced = problem(409, 'not_placed', 'team/app:1.2.3 is placed nowhere yet', { push: 'push_7' });

describe('resolve', () => {
  test('prints the reference alone', async () => {
    await using api = await ScriptedApi.open();
    api.on(ROUTE, json(answer()));
    expect(await entrepot({ url: api.url }, ...RESOLVE)).toEqual({ exitCode: 0, stdout: `${REFERENCE}\n`, stderr: '' });
    expect(api.lines()).toEqual([`${ROUTE}?image=team%2Fapp%3A1.2.3&cluster=us-east-prod`]);
  });

  test('without --cluster the token says which cluster asks', async () => {
    await using api = await ScriptedApi.open();
    api.on(ROUTE, json(answer()));
    expect((await entrepot({ url: api.url }, 'resolve', 'team/app:1.2.3')).stdout).toBe(`${REFERENCE}\n`);
    expect(api.lines()).toEqual([`${ROUTE}?image=team%2Fapp%3A1.2.3`]);
  });

  test('says on stderr why it is not the chosen registry', async () => {
    await using api = await ScriptedApi.open();
    api.on(ROUTE, fallback);
    const { exitCode, stdout, stderr } = await entrepot({ url: api.url }, ...RESOLVE);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${REFERENCE}\n` });
    expect(stderr).toBe(
      'fallback to aliyun-beijing: singapore does not have it yet\nPush push_7 is bringing it to where it should be.\n',
    );
  });

  test('--json is the answer alone, whatever its state', async () => {
    await using api = await ScriptedApi.open();
    api.on(ROUTE, fallback);
    const { stdout, stderr } = await entrepot({ url: api.url }, ...RESOLVE, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ registry: 'aliyun-beijing', state: 'fallback' });
    expect(stderr).toBe('');
  });

  test('what is placed nowhere is a failure that names the push', async () => {
    await using api = await ScriptedApi.open();
    api.on(ROUTE, notPlaced);
    const { exitCode, stdout, stderr } = await entrepot({ url: api.url }, ...RESOLVE);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain('team/app:1.2.3 is placed nowhere yet [not_placed]');
    expect(stderr).toContain('entrepot watch push_7');
  });

  test('--wait asks until the chosen registry has it', async () => {
    await using api = await ScriptedApi.open();
    api.on(ROUTE, notPlaced, fallback, json(answer()));
    const { exitCode, stdout, stderr } = await entrepot({ url: api.url }, ...RESOLVE, '--wait', '60s');
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: `${REFERENCE}\n`, stderr: '' });
    expect(api.lines()[0]).toMatch(/&wait=50000ms$/);
  });

  test('--wait takes what is true when time is over', async () => {
    await using api = await ScriptedApi.open();
    api.always(ROUTE, fallback);
    const { exitCode, stdout, stderr } = await entrepot({ url: api.url }, ...RESOLVE, '--wait', '50ms');
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${REFERENCE}\n` });
    expect(stderr).toContain('fallback to aliyun-beijing');
  });

  test('--wait ends with 3 when it is placed nowhere by then', async () => {
    await using api = await ScriptedApi.open();
    api.always(ROUTE, notPlaced);
    const { exitCode, stdout, stderr } = await entrepot({ url: api.url }, ...RESOLVE, '--wait', '50ms', '--json');
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ code: 'not_placed', push: 'push_7' });
  });

  test.each([
    ['neither tag nor digest', ['resolve', 'team/app', '--cluster', 'c'], 'names no release'],
    ['a wait that is no duration', [...RESOLVE, '--wait', 'soon'], '"soon" is not a duration'],
  ])('%s is wrong usage', async (_, argv, message) => {
    const { exitCode, stderr } = await entrepot({ url: 'http://127.0.0.1:1' }, ...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});
