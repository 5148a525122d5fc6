import { chmod, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Credentials } from '../../src/registry/credentials.ts';
import { openDockerConfigCredentials } from '../../src/registry/docker-config-credentials.ts';
import { failureOf } from '../net/failure-of.ts';
import { openTempFolder } from '../support/temp-folder.ts';

const PATH = process.env.PATH;
afterEach(() => {
  process.env.PATH = PATH;
});

const auth = (pair: string) => Buffer.from(pair).toString('base64');

function reveal(credentials: Credentials): unknown {
  if (credentials.kind === 'basic') return [credentials.username, credentials.password.reveal()];
  return credentials.kind === 'identity-token' ? credentials.token.reveal() : undefined;
}

async function find(config: unknown, host: string): Promise<unknown> {
  await using folder = await openTempFolder('docker-config');
  const path = join(folder.path, 'config.json');
  await writeFile(path, typeof config === 'string' ? config : JSON.stringify(config));
  return reveal(await openDockerConfigCredentials({ path, host }).get());
}

/** Writes a helper into a folder that comes first in PATH. */
async function installHelper(folder: string, name: string, script: string): Promise<void> {
  const path = join(folder, `docker-credential-${name}`);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  process.env.PATH = `${folder}${delimiter}${PATH}`;
}

describe('a docker configuration', () => {
  it.each<[string, unknown, string, unknown]>([
    ['auth', { auths: { 'r.example:5000': { auth: auth('user:pa:ss') } } }, 'r.example:5000', ['user', 'pa:ss']],
    [
      'a key with scheme and path',
      { auths: { 'https://r.example/v1/': { auth: auth('u:p') } } },
      'r.example',
      ['u', 'p'],
    ],
    ['the port belongs to the host', { auths: { 'r.example': { auth: auth('u:p') } } }, 'r.example:5000', undefined],
    ['username and password', { auths: { 'r.example': { username: 'u', password: 'p' } } }, 'r.example', ['u', 'p']],
    ['identitytoken', { auths: { 'r.example': { auth: auth('u:'), identitytoken: 'idt' } } }, 'r.example', 'idt'],
    [
      'Docker Hub under its old key',
      { auths: { 'https://index.docker.io/v1/': { auth: auth('u:p') } } },
      'registry-1.docker.io',
      ['u', 'p'],
    ],
    ['nothing for the host', { auths: { 'other.example': { auth: auth('u:p') } } }, 'r.example', undefined],
    ['an entry that holds nothing', { auths: { 'r.example': {} } }, 'r.example', undefined],
    ['auth that is no pair', { auths: { 'r.example': { auth: auth('nothing') } } }, 'r.example', undefined],
    ['other shapes', { auths: ['r.example'], credHelpers: 5 }, 'r.example', undefined],
    ['null', 'null', 'r.example', undefined],
  ])('%s', async (_name, config, host, expected) => expect(await find(config, host)).toEqual(expected));

  it('that is missing or broken is secret_missing, and is not quoted', async () => {
    expect(await failureOf(openDockerConfigCredentials({ path: '/no/such/file', host: 'x' }).get())).toMatchObject({
      code: 'secret_missing',
    });
    const failure = await failureOf(find('{"auths": "c2VjcmV0', 'x'));
    expect(failure.code).toBe('secret_missing');
    expect(JSON.stringify([failure.message, String(failure.cause)])).not.toContain('c2VjcmV0');
  });

  it('is read again after the credentials were refused', async () => {
    await using folder = await openTempFolder('docker-config');
    const path = join(folder.path, 'config.json');
    const write = (pair: string) => writeFile(path, JSON.stringify({ auths: { 'r.example': { auth: auth(pair) } } }));
    await write('u:old');
    const credentials = openDockerConfigCredentials({ path, host: 'r.example' });
    const old = await credentials.get();
    await write('u:new');
    expect(await credentials.get()).toBe(old);
    credentials.renew?.(old);
    expect(reveal(await credentials.get())).toEqual(['u', 'new']);
  });
});

describe('a credential helper', () => {
  it('is given the host and answers for it; a helper of the host wins over entries and the general one', async () => {
    await using folder = await openTempFolder('helper');
    await installHelper(
      folder.path,
      'mine',
      `[ "$1" = get ] && read -r host; printf %s "$host" > '${folder.path}/asked' && echo '{"ServerURL":"x","Username":"u","Secret":"s"}'`,
    );
    const config = {
      credHelpers: { 'r.example:5000': 'mine' },
      credsStore: 'absent',
      auths: { 'r.example:5000': { auth: auth('a:b') } },
    };
    expect(await find(config, 'r.example:5000')).toEqual(['u', 's']);
    expect(await readFile(join(folder.path, 'asked'), 'utf8')).toBe('r.example:5000');
    expect(await find({ credsStore: 'mine', auths: { 'r.example': {} } }, 'r.example')).toEqual(['u', 's']);
    expect(await find({ credsStore: 'absent', auths: { 'r.example': { auth: auth('a:b') } } }, 'r.example')).toEqual([
      'a',
      'b',
    ]);
    await find({ credsStore: 'mine' }, 'registry-1.docker.io');
    expect(await readFile(join(folder.path, 'asked'), 'utf8')).toBe('https://index.docker.io/v1/');
  });

  it.each([
    ['an identity token', `echo '{"Username":"<token>","Secret":"idt"}'`, 'idt'],
    ['nothing known', 'echo credentials not found in native keychain; exit 1', undefined],
    ['nothing said', `echo '{"Username":"","Secret":""}'`, undefined],
  ])('may answer with %s', async (_name, script, expected) => {
    await using folder = await openTempFolder('helper');
    await installHelper(folder.path, 'mine', script);
    expect(await find({ credsStore: 'mine' }, 'r.example')).toEqual(expected);
  });

  it.each([
    ['fails', 'mine', 'echo hush-hush; exit 3'],
    ['answers no JSON', 'mine', 'echo hush-hush'],
    ['answers null', 'mine', 'echo null'],
    ['floods', 'mine', 'yes hush-hush'],
    ['hangs', 'mine', 'exec sleep 60'],
    ['does not exist', 'no-such-helper', 'true'],
    ['is no program name', '../../bin/sh', 'true'],
  ])('that %s is secret_missing, and is not quoted', async (_name, helper, script) => {
    await using folder = await openTempFolder('helper');
    await installHelper(folder.path, 'mine', script);
    const path = join(folder.path, 'config.json');
    await writeFile(path, JSON.stringify({ credsStore: helper }));
    const failure = await failureOf(
      openDockerConfigCredentials({ path, host: 'r.example', helperTimeoutMs: 400 }).get(),
    );
    expect(failure.code).toBe('secret_missing');
    expect(failure.message).not.toContain('hush');
  });
});
