import { describe, expect, test } from 'vitest';
import { pushSchema } from '../../src/cli/api-schema.ts';
import { displayWidth } from '../../src/cli/display-width.ts';
import { formatLine } from '../../src/cli/line.ts';
import { percent, renderProgress } from '../../src/cli/render-progress.ts';
import { en } from '../../src/cli/texts/en.ts';
import { exampleLeg, examplePush, placedLeg } from './support/example-push.ts';

const nowMs = Date.parse('2026-03-01T08:00:12.400Z');

function frame(changes: Record<string, unknown>, columns: number): string {
  const push = pushSchema.parse(examplePush(changes));
  return renderProgress(push, nowMs, columns, en)
    .map((line) => formatLine(line, { color: false, columns }))
    .join('\n');
}

const error = {
  code: 'connection_lost',
  detail: 'PATCH blob: the connection was cut off',
  side: 'target',
  step: 'blob upload',
  at: '2026-03-01T08:00:10.000Z',
};
const legs = [
  placedLeg({ registry: 'aliyun-beijing', role: 'home' }),
  exampleLeg(),
  exampleLeg({
    registry: 'korea',
    state: 'waiting',
    attempts: 3,
    rate: null,
    nextAttemptAt: '2026-03-01T08:00:20.400Z',
    error,
    bytesSent: 40_000_000,
    bytesResent: 10_000_000,
  }),
  exampleLeg({ registry: 'japan', state: 'queued', bytesTotal: 0, bytesSent: 0, rate: null }),
];

describe('what is expected', () => {
  const estimate = (change: object) => ({ basis: 'history', samples: 9, medianMs: 23_400, p90Ms: 41_000, ...change });

  test.each([
    ['how it is sent', exampleLeg({ congestionControl: 'bbr' }), '4.2 MB/s by bbr'],
    ['what was given up', exampleLeg({ connectionsReplaced: { stalled: 1, slow: 2 } }), '3 connections replaced'],
    ['of a leg that sends', exampleLeg({ estimate: estimate({}) }), '24.0 s left (41.0 s in one of ten)'],
    ['where too few were seen', exampleLeg({ estimate: estimate({ p90Ms: null }) }), '24.0 s left'],
    ['of one that waits for its turn', exampleLeg({ state: 'queued', estimate: estimate({}) }), '24.0 s left (41.0 s'],
    ['where nothing is known', exampleLeg({ estimate: estimate({ medianMs: null, p90Ms: null }) }), 'no history yet'],
  ])('%s', (_, leg, text) => {
    expect(frame({ transfers: [leg] }, 150)).toContain(text);
  });
});

describe('a frame of progress', () => {
  test('wide', () => {
    expect(frame({ transfers: legs }, 110)).toMatchInlineSnapshot(`
      "team/app:1.2.3  sha256:3f3f3f3f3f3f  landed 80 MB of 150 MB  elapsed 12.0 s
        aliyun-beijing  placed   [############################]  100%  150 MB of 150 MB
        singapore       sending  [###########-----------------]   42%  63 MB of 150 MB  4.2 MB/s  20.7 s left
        korea           waiting  [#####-----------------------]   20%  30 MB of 150 MB  next try in 8.0 s  attempt 3
          last error (target, blob upload): PATCH blob: the connection was cut off
        japan           queued   [----------------------------]  "
    `);
  });

  test('narrow: bars go first', () => {
    expect(frame({ transfers: legs }, 64)).toMatchInlineSnapshot(`
      "team/app:1.2.3  sha256:3f3f3f3f3f3f  landed 80 MB of 150 MB  ela
        aliyun-beijing  placed   100%  150 MB of 150 MB
        singapore       sending   42%  63 MB of 150 MB  4.2 MB/s  2...
        korea           waiting   20%  30 MB of 150 MB  next try in...
          last error (target, blob upload): PATCH blob: the connect...
        japan           queued   "
    `);
  });

  test('before the source has said anything', () => {
    const leg = exampleLeg({ bytesTotal: 0, bytesSent: 0, rate: null });
    expect(frame({ digest: null, bytesTotal: null, transfers: [leg] }, 100)).toMatchInlineSnapshot(`
      "team/app:1.2.3  asking the source  elapsed 12.0 s
        singapore  sending  [------------------------------]  looking at what is there already"
    `);
  });

  test('is never wider than the terminal, whatever names and errors say', () => {
    const wide = exampleLeg({
      registry: '北京仓库'.repeat(20),
      state: 'failed',
      error: { ...error, detail: '连接被重置'.repeat(50) },
    });
    for (const columns of [20, 33, 80, 200]) {
      for (const line of frame({ image: `team/${'x'.repeat(300)}:1`, transfers: [wide, ...legs] }, columns).split(
        '\n',
      )) {
        expect(displayWidth(line)).toBeLessThanOrEqual(columns);
      }
    }
  });

  test('counts what was there already, and what was sent twice once', () => {
    const of = (changes: Record<string, unknown>) =>
      percent(
        pushSchema.parse(examplePush({ transfers: [exampleLeg({ bytesTotal: 100, bytesSent: 0, ...changes })] }))
          .transfers[0] ?? expect.fail(),
      );
    expect(of({ bytesSavedPresent: 30, bytesSavedMounted: 20, bytesSent: 10 })).toBe(60);
    expect(of({ bytesSent: 90, bytesResent: 40 })).toBe(50);
    expect(of({ bytesSent: 500 })).toBe(100);
    expect(of({ bytesTotal: 1_000_000, bytesSent: 999_999 })).toBe(99);
    expect(of({ bytesTotal: 0 })).toBe(0);
  });
});
