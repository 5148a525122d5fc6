import { describe, expect, test } from 'vitest';
import { CommandLine, entrepot } from '../support/command-line.ts';
import { json, problem, ScriptedApi } from '../support/scripted-api.ts';

const IMAGE = '/v1/images/team%2Fapp/choice';
const CHOOSE = ['choose', 'team/app', 'japan'];

function choice(changes: Record<string, unknown> = {}) {
  return {
    image: 'team/app',
    registry: 'japan',
    revision: 3,
    source: 'image',
    who: 'ops',
    at: '2026-03-01T08:00:00.000Z',
    reason: null,
    evidence: null,
    previous: 'singapore',
    backfill: { total: 12, placed: 4, failed: 0 },
    ...changes,
  };
}

const before = json(choice({ registry: 'singapore', revision: 2 }));

describe('choose', () => {
  test('says what changed, what is carried over, and what clusters get meanwhile', async () => {
    await using api = await ScriptedApi.open();
    api.on(`GET ${IMAGE}`, before).on(`PUT ${IMAGE}`, json(choice()));
    const { exitCode, stdout } = await entrepot({ url: api.url }, ...CHOOSE, '--reason', 'steadier');
    expect(exitCode).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "team/app: singapore -> japan (revision 3)
      Carrying over 12 releases to japan: 4 there, 8 to go.
      Until a release is complete at japan, resolve keeps answering the best registry that has it, and says "fallback".
      "
    `);
    expect(JSON.parse(api.requests[1]?.body ?? '')).toEqual({ registry: 'japan', reason: 'steadier' });
  });

  test('an image that has no choice yet', async () => {
    await using api = await ScriptedApi.open();
    api
      .on(`GET ${IMAGE}`, problem(404, 'image_unknown', 'unknown'))
      .on(`PUT ${IMAGE}`, json(choice({ backfill: null, previous: null })));
    const { exitCode, stdout } = await entrepot({ url: api.url }, ...CHOOSE);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      'team/app: nothing chosen -> japan (revision 3)\nNo release has to be carried over; new ones go to japan.\n',
    );
  });

  test('choosing what is chosen already says that nothing changed', async () => {
    await using api = await ScriptedApi.open();
    api.on(`GET ${IMAGE}`, json(choice({ backfill: null }))).on(`PUT ${IMAGE}`, json(choice({ backfill: null })));
    const { stdout } = await entrepot({ url: api.url }, ...CHOOSE);
    expect(stdout).toBe('team/app: japan was chosen already (revision 3); nothing changed.\n');
  });

  test('a pattern goes to the patterns', async () => {
    await using api = await ScriptedApi.open();
    const answer = json(choice({ image: undefined, pattern: 'team/*', source: 'pattern', backfill: null }));
    api.on('GET /v1/choices/team%2F*', problem(404, 'pattern_unknown', 'none')).on('PUT /v1/choices/team%2F*', answer);
    const { exitCode, stdout } = await entrepot({ url: api.url }, 'choose', 'team/*', 'japan');
    expect(exitCode).toBe(0);
    expect(stdout, 'what its images had by default').toContain('team/*: singapore -> japan (revision 3)');
  });

  test('--default returns to the default and says which that is', async () => {
    await using api = await ScriptedApi.open();
    const now = choice({ registry: 'singapore', source: 'configuration', revision: 0, backfill: null });
    api.on(`GET ${IMAGE}`, json(choice())).on(`DELETE ${IMAGE}`, json(now));
    const { exitCode, stdout } = await entrepot({ url: api.url }, 'choose', 'team/app', '--default');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('team/app: japan -> singapore (by default, from the configuration)');
  });

  test('--json is the choice and nothing else', async () => {
    await using api = await ScriptedApi.open();
    api.on(`GET ${IMAGE}`, before).on(`PUT ${IMAGE}`, json(choice()));
    const { stdout, stderr } = await entrepot({ url: api.url }, ...CHOOSE, '--json');
    expect(JSON.parse(stdout)).toEqual(choice());
    expect(stderr).toBe('');
  });

  test('a registry that does not exist is told as the service tells it', async () => {
    await using api = await ScriptedApi.open();
    api
      .on(`GET ${IMAGE}`, before)
      .on(`PUT ${IMAGE}`, problem(404, 'registry_unknown', 'There is no registry "mars"; did you mean "japan"?'));
    const { exitCode, stderr } = await entrepot({ url: api.url }, 'choose', 'team/app', 'mars');
    expect(exitCode).toBe(1);
    expect(stderr).toBe('entrepot: There is no registry "mars"; did you mean "japan"? [registry_unknown]\n');
  });

  test.each([
    ['no way to choose', ['choose', 'team/app'], 'say which registry to choose, --recommended'],
    ['two ways', ['choose', 'team/app', 'japan', '--default'], 'or --default: one of the three'],
    ['an image with a tag', ['choose', 'team/app:1', 'japan'], 'give team/app in place of team/app:1'],
    ['an impossible name', ['choose', 'Team/App', 'japan'], 'is not a repository name'],
  ])('%s is wrong usage', async (_, argv, message) => {
    const { exitCode, stderr } = await entrepot({ url: 'http://127.0.0.1:1' }, ...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('choose --wait', () => {
  const backfill = (placed: number, failed = 0) => json(choice({ backfill: { total: 12, placed, failed } }));

  test('follows until every release is carried over', async () => {
    await using api = await ScriptedApi.open();
    api.on(`GET ${IMAGE}`, before, backfill(4), backfill(9), backfill(12)).on(`PUT ${IMAGE}`, json(choice()));
    const { exitCode, stdout, stderr } = await entrepot({ url: api.url }, ...CHOOSE, '--wait');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('12 releases carried over: clusters get them from japan now.');
    expect(stderr).toBe(
      'carrying over to japan: 4 of 12 placed\ncarrying over to japan: 9 of 12 placed\ncarrying over to japan: 12 of 12 placed\n',
    );
  });

  test('ends with 1 when some could not be', async () => {
    await using api = await ScriptedApi.open();
    api.on(`GET ${IMAGE}`, before, backfill(10, 2)).on(`PUT ${IMAGE}`, json(choice()));
    const { exitCode, stdout } = await entrepot({ url: api.url }, ...CHOOSE, '--wait');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('2 of 12 releases could not be carried over to japan');
  });

  test('does not take releases that are not counted yet for none', async () => {
    await using api = await ScriptedApi.open();
    const none = json(choice({ backfill: { total: 0, placed: 0, failed: 0 } }));
    api.on(`GET ${IMAGE}`, before, backfill(3), backfill(12)).on(`PUT ${IMAGE}`, none);
    expect((await entrepot({ url: api.url }, ...CHOOSE, '--wait')).exitCode).toBe(0);
  });

  test('ends with 1 when somebody else chose meanwhile', async () => {
    await using api = await ScriptedApi.open();
    api.on(`GET ${IMAGE}`, before, json(choice({ registry: 'korea', revision: 4 }))).on(`PUT ${IMAGE}`, json(choice()));
    const { exitCode, stderr } = await entrepot({ url: api.url }, ...CHOOSE, '--wait');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Somebody chose korea for team/app meanwhile (revision 4)');
  });

  test('ends with 3 when time runs out, with one value and one problem under --json', async () => {
    await using api = await ScriptedApi.open();
    api.on(`GET ${IMAGE}`, before).always(`GET ${IMAGE}`, backfill(5)).on(`PUT ${IMAGE}`, json(choice()));
    const { exitCode, stdout, stderr } = await entrepot(
      { url: api.url },
      ...CHOOSE,
      '--wait',
      '--timeout',
      '80ms',
      '--json',
    );
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ registry: 'japan', backfill: { placed: 5 } });
    expect(JSON.parse(stderr)).toMatchObject({ code: 'timed_out' });
  });

  test('ends with 130 at Ctrl-C and says that it goes on', async () => {
    await using api = await ScriptedApi.open();
    const line = new CommandLine({ url: api.url });
    api.on(`GET ${IMAGE}`, before).always(`GET ${IMAGE}`, backfill(5)).on(`PUT ${IMAGE}`, json(choice()));
    const result = line.run(...CHOOSE, '--wait');
    await line.written('5 of 12 placed');
    line.interrupt();
    const { exitCode, stderr } = await result;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('carrying over goes on by itself');
  });
});
