import { describe, expect, it } from 'vitest';
import { excerpt, parseErrorBody } from '../../src/oci/distribution-error.ts';
import { failureOf } from '../net/failure-of.ts';
import { openScriptedServer } from '../net/scripted-server.ts';
import { APP, openTestClient, TAG } from './test-client.ts';

describe('parseErrorBody', () => {
  const parse = (text: string) => parseErrorBody(Buffer.from(text));
  it.each([
    [
      '{"errors":[{"code":"DENIED","message":"no way"},{"code":"x"}]}',
      [
        { code: 'DENIED', message: 'no way' },
        { code: 'X', message: '' },
      ],
      'no way',
    ],
    [
      '{"errors":[{"code":"UNKNOWN","detail":"in the detail"}]}',
      [{ code: 'UNKNOWN', message: 'in the detail' }],
      'in the detail',
    ],
    ['{"errors":["plain"]}', [{ code: '', message: 'plain' }], 'plain'],
    ['{"errors":{"a":1}}', [], '{"errors":{"a":1}}'],
    ['{"message":"as AWS says it"}', [], 'as AWS says it'],
    ['{"error":{"message":"nested"}}', [], 'nested'],
    ['"just text"', [], 'just text'],
    ['[1,2]', [], '[1,2]'],
    ['null', [], 'null'],
    ['<html><head><title>502 Bad Gateway</title></head><body>x</body></html>', [], '502 Bad Gateway'],
    [
      '<?xml version="1.0"?><Error><Code>X</Code><Message>Only one auth mechanism allowed</Message></Error>',
      [],
      'Only one auth mechanism allowed',
    ],
    ['<p>a</p><script>evil()</script>', [], 'a'],
    ['Not Authorized\n', [], 'Not Authorized'],
    ['', [], ''],
  ])('%s', (body, errors, text) => expect(parse(body)).toEqual({ errors, text }));

  it('keeps control characters and length out of what is quoted', () => {
    expect(excerpt('a\u001b[31m\r\n\u0000b\u202e\u2028c')).toBe('a [31m b c');
    expect(excerpt('x'.repeat(5_000))).toHaveLength(240);
    expect(parse('\u00ff'.repeat(100_000)).text).toHaveLength(240);
    expect(parse('<'.repeat(64 * 1024)).text.length).toBeLessThanOrEqual(240);
  });
});

describe('a refused request', () => {
  it.each([
    [401, 'remote_unauthenticated'],
    [403, 'remote_denied'],
    [429, 'remote_rate_limited'],
    [500, 'remote_unavailable'],
    [503, 'remote_unavailable'],
    [400, 'remote_refused'],
    [405, 'remote_refused'],
    [302, 'remote_unexpected'],
    [206, 'remote_unexpected'],
  ])('%i is %s', async (status, code) => {
    await using server = await openScriptedServer((_request, response) => {
      response
        .writeHead(status, { 'retry-after': '7' })
        .end('{"errors":[{"code":"some_code","message":"said\\u0000so"}]}');
    });
    await using client = openTestClient(server.url);
    const failure = await failureOf(client.getManifest(APP, TAG));
    expect(failure).toMatchObject({ code, details: { status, step: 'manifest read', retryAfterMs: 7_000 } });
    expect(failure.message).toBe(
      `manifest read: GET ${server.url}/v2/team/app/manifests/1.2.3 answered ${status} SOME_CODE: "said so"`,
    );
  });

  it('is understood with an error body that never ends', async () => {
    await using server = await openScriptedServer((_request, response) => {
      response.writeHead(503);
      const write = (): void => {
        while (!response.destroyed && response.write('all work and no play '.repeat(1_000)));
      };
      response.on('drain', write);
      write();
    });
    await using client = openTestClient(server.url);
    expect(await failureOf(client.getManifest(APP, TAG))).toMatchObject({ code: 'remote_unavailable' });
  });

  it('is understood with an error body that breaks off', async () => {
    await using server = await openScriptedServer((_request, response) => {
      response.writeHead(500, { 'content-length': '1000' }).write('{"errors":', () => response.destroy());
    });
    await using client = openTestClient(server.url);
    expect(await failureOf(client.getManifest(APP, TAG))).toMatchObject({ code: 'remote_unavailable' });
  });
});

describe('ping', () => {
  it.each([
    [200, 'application/json', undefined],
    [200, 'text/html', 'remote_unexpected'],
    [404, 'text/plain', 'remote_unexpected'],
    [503, 'text/plain', 'remote_unavailable'],
  ])('%i %s → %s', async (status, contentType, code) => {
    await using server = await openScriptedServer((_request, response) =>
      response.writeHead(status, { 'content-type': contentType }).end('{}'),
    );
    await using client = openTestClient(server.url);
    if (code === undefined) await client.ping();
    else expect(await failureOf(client.ping())).toMatchObject({ code });
  });

  it('tells the warnings of the registry once', async () => {
    await using server = await openScriptedServer((_request, response) =>
      response.writeHead(200, { warning: '299 - "goes away soon"' }).end('{}'),
    );
    const told: string[] = [];
    await using client = openTestClient(server.url, { onWarning: (text) => told.push(text) });
    await client.ping();
    await client.ping();
    expect(told).toEqual(['goes away soon']);
  });
});
