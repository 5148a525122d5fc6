import { describe, expect, it } from 'vitest';
import { openApi } from '../../src/api/open-api.ts';
import { fakeServices } from './api-fakes.ts';
import { DIGEST } from './samples.ts';
import { send } from './send.ts';

const app = openApi(fakeServices());

describe('images', () => {
  it('lists them with the registry that is chosen now', async () => {
    expect((await send(app, 'GET', '/v1/images?prefix=team/')).body).toEqual({
      items: [{ name: 'team/app', tags: 1, pushedAt: '2026-03-01T08:15:30.250Z', registry: 'singapore' }],
      next: null,
    });
  });

  it('reads one with its choice, releases and placements', async () => {
    expect((await send(app, 'GET', '/v1/images/team/app')).body).toMatchObject({
      name: 'team/app',
      choice: { registry: 'singapore', source: 'configuration' },
      releases: {
        items: [
          {
            tag: '1.2.3',
            digest: DIGEST,
            push: 'push_1',
            acceptedAt: '2026-03-01T08:15:30.250Z',
            placements: [
              {
                registry: 'singapore',
                region: 'ap-southeast-1',
                digest: DIGEST,
                reference: `singapore.example/team/app@${DIGEST}`,
                verifiedAt: '2026-03-01T08:15:30.251Z',
                rewritten: [],
                note: null,
              },
              { registry: 'gone', region: null, reference: null },
            ],
          },
        ],
        next: null,
      },
    });
    expect((await send(app, 'GET', '/v1/images/team/other')).body.code).toBe('image_unknown');
  });

  it('reads a tag with its history', async () => {
    expect((await send(app, 'GET', '/v1/images/team/app/tags/1.2.3')).body).toMatchObject({
      name: 'team/app',
      tag: '1.2.3',
      placements: [{}, {}],
      history: { items: [{ digest: DIGEST, push: 'push_1' }], next: null },
    });
    expect((await send(app, 'GET', '/v1/images/team/app/tags/9')).body.code).toBe('tag_unknown');
    expect((await send(app, 'GET', '/v1/images/other/tags/9')).body.code).toBe('image_unknown');
    expect((await send(app, 'GET', '/v1/images/team%2Fapp/tags/-bad')).body.errors).toMatchObject([{ path: 'tag' }]);
  });
});

describe('the world and the service', () => {
  it('lists registries with health and without credentials', async () => {
    const { body, text } = await send(app, 'GET', '/v1/registries');
    expect(body.items).toMatchObject([
      { name: 'aliyun-beijing', role: 'home', health: { healthy: null, reason: null, checkedAt: null } },
      { name: 'singapore', health: { healthy: false, reason: 'no answer', checkedAt: '2026-03-01T08:15:30.250Z' } },
      { name: 'korea' },
    ]);
    expect(text).not.toMatch(/HIDDEN|robot|credentials/);
  });

  it('lists clusters page by page', async () => {
    const first = await send(app, 'GET', '/v1/clusters?limit=1');
    expect(first.body.items).toEqual([{ name: 'cn-prod', site: 'beijing', pulls: 'home' }]);
    expect((await send(app, 'GET', `/v1/clusters?cursor=${first.body.next}`)).body).toEqual({
      items: [{ name: 'us-east-prod', site: 'us-east', pulls: 'choice' }],
      next: null,
    });
  });

  it('tells how full the depot is', async () => {
    expect((await send(app, 'GET', '/v1/depot')).body).toEqual({
      limitBytes: 100,
      usedBytes: 50,
      landingBytes: 10,
      pinnedBytes: 20,
      blobs: 3,
    });
  });

  it('is alive, and ready only when it can work', async () => {
    expect((await send(app, 'GET', '/healthz')).body).toEqual({ status: 'ok', version: '1.0.0' });
    expect((await send(app, 'GET', '/readyz')).body).toEqual({ ready: true });
    const health = {
      registries: () => new Map(),
      readiness: () => ({ ready: false, reasons: ['the depot cannot be written'] }),
    };
    const { status, body } = await send(openApi(fakeServices({ health })), 'GET', '/readyz');
    expect([status, body.code]).toEqual([503, 'not_ready']);
    expect(body.errors).toEqual([{ path: '', detail: 'the depot cannot be written' }]);
  });
});
