import { expect, test } from 'vitest';
import { readServiceJson } from '../../../src/app/agent/service-link.ts';

const answer = (status: number, body: string) => ({ status, headers: {}, body: Buffer.from(body) });

test('what the service refuses is told with what was asked and what it said', () => {
  const read = () =>
    readServiceJson(
      answer(400, '{"detail":"The site mars is not one of the configured sites"}'),
      'POST /v1/agents/a/work',
    );
  expect(read).toThrow('POST /v1/agents/a/work was answered 400: The site mars is not one of the configured sites');
  expect(() => readServiceJson(answer(502, '<html>'), 'POST /v1/agents/a/work')).toThrow('was answered 502: <html>');
  expect(() => readServiceJson(answer(200, '<html>'), 'POST /v1/agents/a/uses')).toThrow(
    'POST /v1/agents/a/uses was not answered with JSON',
  );
  expect(readServiceJson(answer(200, '{"work":null}'), 'POST /v1/agents/a/work')).toEqual({ work: null });
});
