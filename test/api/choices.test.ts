import { describe, expect, it } from 'vitest';
import { openApi } from '../../src/api/open-api.ts';
import { fakeServices } from './api-fakes.ts';
import { send } from './send.ts';

const IMAGE = '/v1/images/team/app/choice';
const PATTERN = '/v1/choices/team/*';

function open() {
  const services = fakeServices();
  return { services, app: openApi(services) };
}

describe('choices of images', () => {
  it('is the default of the configuration at first', async () => {
    const { headers, body } = await send(open().app, 'GET', IMAGE);
    expect(headers.get('etag')).toBe('"0"');
    expect(body).toEqual({
      image: 'team/app',
      pattern: '*',
      registry: 'singapore',
      revision: 0,
      source: 'configuration',
      who: 'configuration',
      at: null,
      reason: null,
      evidence: null,
      previous: null,
      backfill: null,
    });
  });

  it('is chosen with who, why and how far the backfill has come', async () => {
    const { app, services } = open();
    const { status, headers, body } = await send(app, 'PUT', IMAGE, {
      registry: 'korea',
      reason: 'steadier',
      evidence: { p99: 3 },
    });
    expect([status, headers.get('etag')]).toEqual([200, '"1"']);
    expect(body).toMatchObject({
      image: 'team/app',
      registry: 'korea',
      revision: 1,
      source: 'image',
      who: 'admin',
      reason: 'steadier',
      evidence: { p99: 3 },
      backfill: { total: 3, placed: 2, failed: 0 },
    });
    expect(body).not.toHaveProperty('pattern');
    await send(app, 'PUT', IMAGE, { registry: 'singapore' });
    expect(services.choices.records[1]).toMatchObject({ who: 'admin', reason: null, evidence: null });
    const history = await send(app, 'GET', `${IMAGE}/history?limit=1`);
    expect(history.body).toMatchObject({
      items: [{ image: 'team/app', revision: 2, registry: 'singapore', previous: 'korea' }],
      next: null,
    });
  });

  it('changes only the revision that If-Match names', async () => {
    const { app } = open();
    const put = (match: string) => send(app, 'PUT', IMAGE, { registry: 'korea' }, { 'if-match': match });
    expect((await put('"1"')).status).toBe(412);
    expect((await put('"0"')).headers.get('etag')).toBe('"1"');
    expect((await put('"0"')).body.code).toBe('revision_conflict');
    expect((await put('*')).status).toBe(200);
    for (const match of ['W/"2"', '2', '"2", "3"', '"two"', ''])
      expect((await put(match)).body, match).toMatchObject({
        code: 'validation_failed',
        errors: [{ path: 'If-Match' }],
      });
  });

  it('tags an inherited choice with the own revision of the image, so that a change can match it', async () => {
    const { app } = open();
    await send(app, 'PUT', PATTERN, { registry: 'korea' });
    await send(app, 'PUT', PATTERN, { registry: 'singapore' });
    const { headers, body } = await send(app, 'GET', IMAGE);
    expect(body).toMatchObject({ source: 'pattern', pattern: 'team/*', revision: 2 });
    expect(
      (await send(app, 'PUT', IMAGE, { registry: 'korea' }, { 'if-match': headers.get('etag') ?? '' })).status,
    ).toBe(200);
  });

  it('returns to the default', async () => {
    const { app } = open();
    await send(app, 'PUT', IMAGE, { registry: 'korea' });
    const { status, headers, body } = await send(app, 'DELETE', `${IMAGE}?reason=done`, undefined, {
      'if-match': '"1"',
    });
    expect([status, headers.get('etag')]).toEqual([200, '"2"']);
    expect(body).toMatchObject({ image: 'team/app', registry: 'singapore', source: 'configuration' });
    expect((await send(app, 'GET', `${IMAGE}/history`)).body).toMatchObject({
      items: [{ registry: null, reason: 'done' }, { registry: 'korea' }],
    });
  });

  it.each([
    [{}, 'registry'],
    [{ registry: 1 }, 'registry'],
    [{ registry: 'korea', reason: 'x'.repeat(1_001) }, 'reason'],
    [{ registry: 'korea', evidence: 'x'.repeat(70_000) }, 'evidence'],
    [{ registry: 'korea', who: 'mei' }, 'who'],
  ])('refuses %#', async (body, path) => {
    expect(await send(open().app, 'PUT', IMAGE, body)).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  });

  it('refuses evidence that is nested without end', async () => {
    const body = `{"registry":"korea","evidence":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const response = await open().app.request(IMAGE, {
      method: 'PUT',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(400);
  });

  it('refuses an unknown registry', async () => {
    const { app } = open();
    expect((await send(app, 'PUT', IMAGE, { registry: 'mars' })).body.code).toBe('registry_unknown');
  });
});

describe('choices of patterns', () => {
  it('lists, reads, changes and withdraws them', async () => {
    const { app } = open();
    expect((await send(app, 'GET', PATTERN)).body.code).toBe('pattern_unknown');
    expect((await send(app, 'PUT', PATTERN, { registry: 'korea' }, { 'if-match': '*' })).status).toBe(412);
    const put = await send(app, 'PUT', PATTERN, { registry: 'korea' });
    expect(put.body).toMatchObject({ pattern: 'team/*', registry: 'korea', source: 'pattern' });
    expect(put.body).not.toHaveProperty('image');
    const first = await send(app, 'GET', '/v1/choices?limit=1');
    expect(first.body).toMatchObject({ items: [{ pattern: 'team/*' }] });
    const second = await send(app, 'GET', `/v1/choices?limit=1&cursor=${first.body.next}`);
    expect(second.body).toMatchObject({ items: [{ pattern: '*' }], next: null });
    expect((await send(app, 'GET', '/v1/choices?cursor=zzz')).status).toBe(400);
    expect((await send(app, 'DELETE', PATTERN)).status).toBe(204);
    expect((await send(app, 'DELETE', PATTERN)).status).toBe(404);
  });

  it.each(['team%2Fapp', 'Team*', 'a b*'])('refuses the pattern %s', async (pattern) => {
    expect(await send(open().app, 'PUT', `/v1/choices/${pattern}`, { registry: 'korea' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'pattern' }] },
    });
  });
});
