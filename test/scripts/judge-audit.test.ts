import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const FILE = resolve(import.meta.dirname, '../../scripts/judge-audit.mjs');
const { judgeAudit } = (await import(pathToFileURL(join(FILE)).href)) as {
  judgeAudit(stdout: string): { outcome: string; lines: string[] };
};

const report = (vulnerabilities: object, total = 263) =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities,
    metadata: { vulnerabilities: { total: Object.keys(vulnerabilities).length }, dependencies: { total } },
  });

test.each<[string, string, string]>([
  ['a report without weaknesses', report({}), 'clean'],
  ['one with a weakness that hardly matters', report({ a: { name: 'a', severity: 'low', range: '<2' } }), 'clean'],
  ['one with a weakness', report({ a: { name: 'a', severity: 'high', range: '<2' } }), 'weak'],
  // What npm 11 prints where the registry answers 405.
  ['a refusal', JSON.stringify({ message: '405 Method Not Allowed - POST', statusCode: 405 }), 'unanswered'],
  ['an error', JSON.stringify({ error: { code: 'ENOAUDIT', summary: 'endpoint failed' } }), 'unanswered'],
  ['a report about nothing', report({}, 0), 'unanswered'],
  ['nothing', '', 'unanswered'],
  ['no JSON', '<html>', 'unanswered'],
])('%s', (_what, stdout, outcome) => expect(judgeAudit(stdout).outcome).toBe(outcome));

test('says why nothing was audited, and what is weak', () => {
  expect(judgeAudit('{"message": "405 Method Not Allowed"}').lines).toEqual([
    'not answered, so nothing was audited: 405 Method Not Allowed',
  ]);
  expect(judgeAudit(report({ a: { name: 'a', severity: 'critical', range: '<2' } })).lines).toEqual(['critical: a <2']);
});
