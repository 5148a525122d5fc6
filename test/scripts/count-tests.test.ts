import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openTempFolder } from '../support/temp-folder.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

test('the gate counts each test, and names what failed or was skipped', async () => {
  await using folder = await openTempFolder('count-tests');
  const report = join(folder.path, 'report.json');
  const tests = (...statuses: string[]) => statuses.map((status, place) => ({ status, fullName: `test ${place}` }));
  await writeFile(
    report,
    JSON.stringify({
      testResults: [
        {
          name: join(ROOT, 'test/a.test.ts'),
          status: 'passed',
          assertionResults: tests('passed', 'passed', 'pending'),
        },
        { name: join(ROOT, 'test/b.test.ts'), status: 'failed', assertionResults: tests('failed', 'todo', 'skipped') },
        // It could not be loaded.
        { name: join(ROOT, 'test/c.test.ts'), status: 'failed', assertionResults: [] },
      ],
    }),
  );
  const { stdout, stderr } = await run(process.execPath, [join(ROOT, 'scripts/count-tests.mjs'), report], {
    cwd: ROOT,
  });
  expect(stdout).toBe('2 2 3\n');
  expect(stderr.trimEnd().split('\n')).toEqual([
    'skipped test/a.test.ts > test 2',
    'failed  test/b.test.ts > test 0',
    'skipped test/b.test.ts > test 1',
    'skipped test/b.test.ts > test 2',
    'failed  test/c.test.ts',
  ]);
});
