import { describe, expect, it } from 'vitest';
import { openApi } from '../../src/api/open-api.ts';
import { Failure } from '../../src/kernel/failure.ts';
import { FAILURE_CODES, type FailureCode } from '../../src/kernel/failure-codes.ts';
import type { LogFacts } from '../../src/telemetry/log.ts';
import { fakeServices } from './api-fakes.ts';
import { send } from './send.ts';

const CONTRACT: Record<string, number> = {
  validation_failed: 400,
  unauthenticated: 401,
  forbidden: 403,
  image_unknown: 404,
  tag_unknown: 404,
  digest_unknown: 404,
  registry_unknown: 404,
  cluster_unknown: 404,
  push_unknown: 404,
  benchmark_unknown: 404,
  not_placed: 409,
  idempotency_conflict: 409,
  already_finished: 409,
  revision_conflict: 412,
  body_too_large: 413,
  source_unknown: 422,
  source_denied: 422,
  source_not_found: 422,
  archive_invalid: 422,
  rate_limited: 429,
  internal: 500,
  source_unreachable: 502,
  not_ready: 503,
  depot_full: 507,
};

/** Codes that the API adds to the contract's, because none of those says the same. */
const ADDED = new Set([
  'not_found',
  'method_not_allowed',
  'pattern_unknown',
  'token_unknown',
  'receiver_unknown',
  'subscription_unknown',
  'token_exists',
  'not_recommended',
  'manifest_invalid',
  'manifest_too_large',
  'platform_missing',
  'name_collision',
]);

async function problemFor(failure: unknown) {
  const logged: LogFacts[] = [];
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: (facts: LogFacts) => logged.push(facts) };
  const services = fakeServices({ log });
  services.pushes.failure = failure;
  const answer = await send(openApi(services), 'POST', '/v1/pushes', {
    image: 'team/app:1',
    source: 'harbor/team/app:1',
  });
  return { ...answer, logged };
}

describe('problem documents', () => {
  it.each(Object.keys(CONTRACT) as FailureCode[])('%s has the status of the contract', async (code) => {
    const { status, headers, body } = await problemFor(new Failure(code, 'what was attempted'));
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect([status, body.status, body.code]).toEqual([CONTRACT[code], CONTRACT[code], code]);
    expect(body).toMatchObject({ type: `/docs#${code}`, title: FAILURE_CODES[code].title, instance: '/v1/pushes' });
  });

  it.each(Object.keys(FAILURE_CODES) as FailureCode[])(
    '%s comes as a code that callers know, with its own status',
    async (code) => {
      const { status, body } = await problemFor(new Failure(code, 'what was attempted'));
      const told = body.code as FailureCode;
      expect(told in CONTRACT || ADDED.has(told), told).toBe(true);
      expect(status).toBe(FAILURE_CODES[told].status);
    },
  );

  it('says nothing of what went wrong inside, but logs it under the id that it tells', async () => {
    for (const defect of [new Error('password=hunter2'), new Failure('internal', 'password=hunter2')]) {
      const { status, text, headers, logged } = await problemFor(defect);
      expect(status).toBe(500);
      expect(text).not.toContain('hunter2');
      const requestId = headers.get('x-request-id') ?? 'none';
      expect(text).toContain(requestId);
      expect(logged).toEqual([{ event: 'request_failed', requestId, path: '/v1/pushes', error: defect }]);
    }
  });

  it('does not log what the caller can mend as a defect', async () => {
    expect((await problemFor(new Failure('source_denied', 'no'))).logged).toEqual([]);
  });

  it('carries errors, extensions and the time to wait, none of which can replace a member', async () => {
    const details = {
      errors: [{ path: 'a', detail: 'b' }],
      extensions: { push: 'push_9', status: 200, code: 'fine' },
      retryAfterMs: 1_200,
    };
    const { body, headers } = await problemFor(new Failure('not_ready', 'wait', details));
    expect(body).toMatchObject({
      status: 503,
      code: 'not_ready',
      push: 'push_9',
      errors: [{ path: 'a', detail: 'b' }],
    });
    expect(headers.get('retry-after')).toBe('2');
  });

  it('answers 404 where nothing is and 405 with Allow where other methods are', async () => {
    const app = openApi(fakeServices());
    expect(await send(app, 'GET', '/v1/nothing')).toMatchObject({
      status: 404,
      body: { code: 'not_found', instance: '/v1/nothing' },
    });
    const refused = await send(app, 'PATCH', '/v1/images/team/app/choice');
    expect([refused.status, refused.body.code, refused.headers.get('allow')]).toEqual([
      405,
      'method_not_allowed',
      'GET, HEAD, PUT, DELETE',
    ]);
    expect((await send(app, 'OPTIONS', '/v1/pushes')).headers.get('allow')).toBe('GET, HEAD, POST');
  });

  it('answers HEAD as GET without the body', async () => {
    const { status, headers, text } = await send(openApi(fakeServices()), 'HEAD', '/v1/depot');
    expect([status, headers.get('content-type'), text]).toEqual([200, 'application/json', '']);
  });

  it.each([
    ['abc-1.2:3_x', true],
    ['a b', false],
    ['x'.repeat(129), false],
  ])('takes the request id %s only in a sensible form', async (id, taken) => {
    const { headers } = await send(openApi(fakeServices()), 'GET', '/healthz', undefined, { 'x-request-id': id });
    expect(headers.get('x-request-id') === id).toBe(taken);
    expect(headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._:-]{1,128}$/);
  });
});
