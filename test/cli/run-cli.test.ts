import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTempFolder } from '../support/temp-folder.ts';
import { entrepot } from './support/command-line.ts';
import { cut, json, problem, ScriptedApi } from './support/scripted-api.ts';

const COMMANDS = [
  'serve',
  'agent',
  'push',
  'watch',
  'choose',
  'resolve',
  'images',
  'pushes',
  'cancel',
  'retry',
  'backup',
  'restore',
  'pull-secret',
  'doctor',
  'token',
  'audit',
  'notifications',
  'bench',
  'demo',
];

describe('help', () => {
  test('lists every command and no other', async () => {
    const { exitCode, stdout, stderr } = await entrepot({}, '--help');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const listed = [...(stdout.split('Commands:\n')[1]?.split('\n\n')[0] ?? '').matchAll(/^ {2}([\w-]+)/gm)].map(
      ([, name]) => name,
    );
    expect(listed).toEqual([...COMMANDS, 'help']);
  });

  test.each(COMMANDS)('of %s has an example', async (command) => {
    const { exitCode, stdout } = await entrepot({}, command, '--help');
    expect(exitCode).toBe(0);
    expect(stdout.split('Examples:\n')[1]).toContain(`entrepot ${command}`);
  });

  test.each([
    [['help'], 'Usage: entrepot [options] [command]'],
    [['help', 'push'], 'Usage: entrepot push'],
    [['help', 'bench', 'report'], 'Usage: entrepot bench report'],
    [['bench', 'help', 'report'], 'Usage: entrepot bench report'],
    [['help', 'cancel', 'push_1'], 'Usage: entrepot cancel'],
  ])('entrepot %s', async (argv, usage) => {
    const { exitCode, stdout, stderr } = await entrepot({}, ...argv);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.startsWith(usage)).toBe(true);
  });

  test('is shown, with the status for wrong usage, when no command is given', async () => {
    const { exitCode, stdout, stderr } = await entrepot({});
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('Usage: entrepot');
  });

  test('--version', async () => {
    expect(await entrepot({}, '--version')).toEqual({ exitCode: 0, stdout: '1.2.3\n', stderr: '' });
  });
});

describe('wrong usage', () => {
  test.each([
    ['an unknown command', ['psuh'], "unknown command 'psuh' (did you mean push?)"],
    ['help for an unknown command', ['help', 'psuh'], "unknown command 'psuh' (did you mean push?)"],
    [
      'an unknown command below one that has a use of its own',
      ['token', 'creat', 'x'],
      "unknown command 'creat' (did you mean create?)",
    ],
    ['help for one that is like no other', ['help', 'nope'], "unknown command 'nope'\n"],
    [
      'help for an unknown command below',
      ['help', 'bench', 'reprot'],
      "unknown command 'reprot' (did you mean report?)",
    ],
    ['an unknown command to the help below', ['bench', 'help', 'nope'], "unknown command 'nope'\n"],
    ['an unknown option', ['push', 'a:1', '--form', 'x'], "unknown option '--form' (did you mean --from?)"],
    ['a missing argument', ['watch'], "missing required argument 'push'"],
    ['too many arguments', ['cancel', 'a', 'b'], 'too many arguments'],
    ['no source', ['push', 'a:1'], '--from SOURCE or --archive FILE'],
    ['two sources', ['push', 'a:1', '--from', 'x', '--archive', 'y'], '--from SOURCE or --archive FILE'],
    ['an image without tag', ['push', 'team/app', '--from', 'x'], 'must be an image with a tag'],
    ['a platform that is none', ['push', 'a:1', '--from', 'x', '--platform', 'arm'], '"arm" is not a platform'],
    ['a label that is none', ['push', 'a:1', '--from', 'x', '--label', 'commit'], '"commit" is not a label'],
    ['an unknown priority', ['push', 'a:1', '--from', 'x', '--priority', 'high'], 'urgent, normal, backfill'],
    ['a deadline that is none', ['push', 'a:1', '--from', 'x', '--deadline', 'soon'], '"soon" is not a duration'],
    ['a URL that is none', ['images', '--url', 'localhost:8080'], 'must be a URL'],
    ['an address that is none', ['serve', '--listen', 'here'], 'is not an address to listen on'],
  ])('%s ends with 2 and says how to get help', async (_, argv, message) => {
    const { exitCode, stdout, stderr } = await entrepot({ url: 'http://127.0.0.1:1' }, ...argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/Run "entrepot(?: \w+)? --help"/);
  });

  test.each([
    ['bench', 'report', '--json', '--format', 'html'],
    ['bench', 'report', '--json', '--format', 'table'],
    ['audit', '--json', '--jsonl'],
  ])('entrepot %s %s %s is wrong usage: --json is one JSON value', async (...argv) => {
    const { exitCode, stdout, stderr } = await entrepot({ url: 'http://127.0.0.1:1' }, ...argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ code: 'validation_failed' });
  });

  test('is a problem object with --json, wherever that stands', async () => {
    for (const argv of [
      ['--json', 'psuh'],
      ['push', '--json', '--form'],
      ['watch', '--json'],
      ['--json'],
      ['bench', '--json'],
      ['help', 'psuh', '--json'],
    ]) {
      const { exitCode, stdout, stderr } = await entrepot({}, ...argv);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(JSON.parse(stderr)).toMatchObject({ code: 'validation_failed', status: 400 });
    }
  });

  test('every mistake of a configuration is told once', async () => {
    await using folder = await openTempFolder('mistakes');
    const config = join(folder.path, 'regions.yaml');
    await writeFile(config, 'registries: {}\nsites: { beijing: { service: maybe } }\nextra: 1\n');
    const { exitCode, stderr } = await entrepot({}, 'serve', '--config', config, '--data', folder.path);
    expect(exitCode).toBe(1);
    expect(stderr.match(/extra: is not a known key|sites\.beijing\.service: must be|:3:1 /g)).toHaveLength(3);
  });

  test('a wrong variable is told by its name', async () => {
    const { exitCode, stderr } = await entrepot({ env: { ENTREPOT_URL: 'nonsense' } }, 'images');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('ENTREPOT_URL: must be a URL');
  });
});

describe('the service', () => {
  test('that is not there: how to start one and how to name another', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await new Promise((resolve) => server.close(resolve));
    const { exitCode, stderr } = await entrepot({ url }, 'images');
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`GET ${url}/v1/images: nothing listens there (connection refused) [connect_failed]`);
    expect(stderr).toContain('entrepot serve');
    expect(stderr).toContain('ENTREPOT_URL');
  });

  test('whose connection breaks is asked again, and that is told', async () => {
    await using api = await ScriptedApi.open();
    api.on('GET /v1/images', cut, cut, json({ items: [], next: null }));
    const { exitCode, stderr } = await entrepot({ url: api.url }, 'images');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('the connection was cut off; trying again (attempt 2 of 4)');
    expect(stderr).toContain('trying again (attempt 3 of 4)');
  });

  test('whose connection keeps breaking is given up after four times', async () => {
    await using api = await ScriptedApi.open();
    api.on('GET /v1/images', cut, cut, cut, cut);
    const { exitCode, stderr } = await entrepot({ url: api.url }, 'images', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'connection_lost' });
  });

  test('that asks for patience is asked again after Retry-After', async () => {
    await using api = await ScriptedApi.open();
    api.on(
      'GET /v1/images',
      problem(503, 'not_ready', 'starting', {}, { 'retry-after': '0' }),
      json({ items: [], next: null }),
    );
    expect((await entrepot({ url: api.url }, 'images')).exitCode).toBe(0);
  });

  test('is not asked twice to cancel', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/pushes/p/cancel', cut);
    expect((await entrepot({ url: api.url }, 'cancel', 'p')).exitCode).toBe(1);
  });

  test('that does not answer in time', async () => {
    await using api = await ScriptedApi.open();
    api.on('GET /v1/images', () => {});
    const { exitCode, stderr } = await entrepot({ url: api.url, timings: { answerMs: 40 } }, 'images');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('[timed_out]');
  });

  test('every mistake of a problem is told, with its path', async () => {
    await using api = await ScriptedApi.open();
    const errors = [
      { path: 'limit', detail: 'must be a number' },
      { path: 'cursor', detail: 'is not one' },
    ];
    api.on('GET /v1/images', problem(400, 'validation_failed', 'two mistakes', { errors }));
    const { exitCode, stderr } = await entrepot({ url: api.url }, 'images');
    expect(exitCode, 'wrong usage, as if it had been seen before asking').toBe(2);
    expect(stderr).toBe(
      'entrepot: two mistakes [validation_failed]\n  limit: must be a number\n  cursor: is not one\n' +
        'Run "entrepot images --help" to see how it is used.\n',
    );
  });

  test('a code from a newer service is kept', async () => {
    await using api = await ScriptedApi.open();
    api.on('GET /v1/images', problem(418, 'teapot', 'I am one'));
    expect((await entrepot({ url: api.url }, 'images')).stderr).toBe('entrepot: I am one [teapot]\n');
  });

  test('without a valid token says how to give one', async () => {
    await using api = await ScriptedApi.open();
    api.always('GET /v1/images', problem(401, 'unauthenticated', 'A token is needed'));
    const without = await entrepot({ url: api.url, env: { ENTREPOT_DATA: '/var/lib/entrepot' } }, 'images');
    expect(without.stderr).toContain('No token is set.');
    expect(without.stderr).toContain('export ENTREPOT_TOKEN=$(entrepot token --data /var/lib/entrepot)');
    const stale = await entrepot({ url: api.url, env: { ENTREPOT_TOKEN: 'stale-token-1' } }, 'images');
    expect(stale.stderr).toContain('The token in ENTREPOT_TOKEN (or --token) does not hold.');
    expect(stale.stderr).not.toContain('stale-token-1');
  });

  test.each([
    ['a page in place of JSON', 200, '<html>hello</html>', 'answered 200 with text/html where JSON was expected'],
    ['an error page of a proxy', 403, '<html>no</html>', 'answered 403 (text/html) without saying why'],
    ['JSON of another form', 200, '{"hello":1}', 'not of the form that the API describes: items:'],
  ])('%s is not taken for an answer', async (_, status, body, message) => {
    await using api = await ScriptedApi.open();
    api.on('GET /v1/images', (response) => void response.writeHead(status, { 'content-type': 'text/html' }).end(body));
    const { exitCode, stderr } = await entrepot({ url: api.url }, 'images');
    expect(exitCode).toBe(1);
    expect(stderr).toContain(message);
  });

  test('below a path of its own is asked there, and gets the token of the environment', async () => {
    await using api = await ScriptedApi.open();
    api.on('GET /entrepot/v1/images', json({ items: [], next: null }));
    await entrepot({ url: `${api.url}/entrepot/`, env: { ENTREPOT_TOKEN: 'from-env' } }, 'images');
    expect(api.requests[0]?.headers.authorization).toBe('Bearer from-env');
  });
});
