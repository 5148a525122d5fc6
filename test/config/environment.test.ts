import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../src/config/environment.ts';
import { Failure } from '../../src/kernel/failure.ts';

describe('readEnvironment', () => {
  test('nothing set gives the defaults', () => {
    const { findVariable: _, ...rest } = readEnvironment({});
    expect(rest).toEqual({ noColor: false, ci: false });
  });

  test('everything set is read', () => {
    const environment = readEnvironment({
      ...{
        ENTREPOT_CONFIG: 'c.yaml',
        ENTREPOT_DATA: '/data',
        ENTREPOT_LISTEN: '[::1]:0',
        ENTREPOT_URL: 'https://e.example/base//',
        ENTREPOT_CLIENT_CERT: 'client.crt',
        ENTREPOT_CLIENT_KEY: 'client.key',
      },
      ...{
        ENTREPOT_TOKEN: 'one\n',
        ENTREPOT_ADMIN_TOKEN: 'two',
        ENTREPOT_LOG_LEVEL: 'debug',
        NO_COLOR: '1',
        CI: 'true',
      },
    });
    expect(environment).toMatchObject({
      ...{
        configPath: 'c.yaml',
        dataPath: '/data',
        listen: { host: '::1', port: 0 },
        serverUrl: 'https://e.example/base',
        clientCertificate: { certPath: 'client.crt', keyPath: 'client.key' },
      },
      ...{ logLevel: 'debug', noColor: true, ci: true },
    });
    expect(environment.token?.reveal()).toBe('one');
    expect(environment.adminToken?.reveal()).toBe('two');
    expect(inspect(environment)).not.toMatch(/\b(one|two)\b/);
  });

  test('a variable that is set but empty counts as not set', () => {
    expect(readEnvironment({ ENTREPOT_LISTEN: '', NO_COLOR: '', ENTREPOT_TOKEN: '' })).toMatchObject({
      listen: undefined,
      noColor: false,
      token: undefined,
    });
  });

  test.each([
    ['', false],
    ['0', false],
    ['false', false],
    ['1', true],
    ['woodpecker', true],
  ])('CI=%s is %s', (CI, ci) => {
    expect(readEnvironment({ CI }).ci).toBe(ci);
  });

  test('a dumb terminal has no colours', () => {
    expect(readEnvironment({ TERM: 'dumb' }).noColor).toBe(true);
    expect(readEnvironment({ TERM: 'xterm' }).noColor).toBe(false);
  });

  test('every wrong variable is named at once, and no secret repeated', () => {
    let failure: unknown;
    try {
      readEnvironment({
        ...{
          ENTREPOT_LISTEN: 'nowhere',
          ENTREPOT_URL: 'https://me:hunter2@e.example',
          ENTREPOT_TOKEN: 'hunter2 hunter2',
        },
        ...{ ENTREPOT_LOG_LEVEL: 'debgu' },
      });
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('ENTREPOT_LISTEN: "nowhere" is not an address'),
    });
    const errors = failure instanceof Failure ? (failure.details.errors ?? []) : [];
    expect(errors.map(({ path }) => path)).toEqual([
      'ENTREPOT_LISTEN',
      'ENTREPOT_URL',
      'ENTREPOT_TOKEN',
      'ENTREPOT_LOG_LEVEL',
    ]);
    expect(errors[3]?.detail).toContain('did you mean debug?');
    expect(inspect(failure)).not.toContain('hunter2');
  });
});
