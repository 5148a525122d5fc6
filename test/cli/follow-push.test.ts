import { describe, expect, test } from 'vitest';
import { CommandLine, entrepot } from './support/command-line.ts';
import { exampleLeg, examplePush, placedPush } from './support/example-push.ts';
import { cut, events, json, problem, ScriptedApi } from './support/scripted-api.ts';

const STREAM = 'GET /v1/pushes/push_1/events';
const PUSH = 'GET /v1/pushes/push_1';
const WATCH = ['watch', 'push_1'];
const running = json(examplePush());
const placed = json(placedPush());
const end = { id: 9, event: 'end', data: {} };
const leg = (changes: Record<string, unknown>) => ({ push: 'push_1', ...exampleLeg(changes) });

/**
 * Every stream that has no answer of its own ends with the push. How often the push is asked for is left open: on a busy
 * machine an answer may come too late for the limits of milliseconds that these tests set, and is asked for again.
 */
function overOnceFollowed(api: ScriptedApi): void {
  let isOver = false;
  api
    .always(STREAM, (response, request) => {
      isOver = true;
      return events(end)(response, request);
    })
    .always(PUSH, (response, request) => (isOver ? placed : running)(response, request));
}

const countStreams = (api: ScriptedApi) => api.lines().filter((line) => line === STREAM).length;

describe('watch', () => {
  test('a push that is finished already is summed up without following it', async () => {
    await using api = await ScriptedApi.open();
    api.on(PUSH, placed);
    const { exitCode, stdout } = await entrepot({ url: api.url }, ...WATCH);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('team/app:1.2.3 is placed everywhere in 34.2 s.');
  });

  test('resumes a stream that broke, after the last event it had', async () => {
    await using api = await ScriptedApi.open();
    const line = new CommandLine({ url: api.url });
    const first = events(
      { id: 41, event: 'transfer', data: leg({ state: 'verifying' }) },
      line.written('singapore: checking'),
      'cut',
    );
    api
      .on(STREAM, first, events({ id: 42, event: 'push', data: examplePush() }, end))
      .on(PUSH, running, running, running, placed);
    const { exitCode, stderr } = await line.run(...WATCH);
    expect(exitCode).toBe(0);
    const streams = api.requests.filter(({ line }) => line === STREAM);
    expect(streams.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '41']);
    expect(stderr).toContain('singapore: checking');
    expect(stderr).not.toContain('lost sight');
  });

  test('waits for a service that restarts, and says so', async () => {
    await using api = await ScriptedApi.open();
    api
      .on(STREAM, events('cut'), cut, problem(503, 'not_ready', 'starting'), events(end))
      .on(PUSH, running, running, running, placed);
    const { exitCode, stderr } = await entrepot({ url: api.url }, ...WATCH);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('lost sight of the push, trying again; the push itself goes on');
    expect(stderr).toContain('the service answers again');
  });

  test('gives up when the service stays away for too long, with the reason', async () => {
    await using api = await ScriptedApi.open();
    api.on(PUSH, running).always(STREAM, cut);
    const { exitCode, stderr } = await entrepot({ url: api.url, timings: { outageMs: 60 } }, ...WATCH);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('[connection_lost]');
  });

  test('asks again when the stream does not even begin in time', async () => {
    await using api = await ScriptedApi.open();
    api.on(STREAM, () => {});
    overOnceFollowed(api);
    const { exitCode } = await entrepot({ url: api.url, timings: { answerMs: 60 } }, ...WATCH);
    expect(exitCode).toBe(0);
    expect(countStreams(api)).toBeGreaterThan(1);
  });

  test('takes a stream that says nothing for dead and opens another', async () => {
    await using api = await ScriptedApi.open();
    api.on(STREAM, events('comment', 'hang'));
    overOnceFollowed(api);
    const { exitCode } = await entrepot({ url: api.url, timings: { silenceMs: 80 } }, ...WATCH);
    expect(exitCode).toBe(0);
    expect(countStreams(api)).toBeGreaterThan(1);
  });

  test.each([
    ['the service has none', problem(404, 'not_found', 'nothing here')],
    ['a proxy answers for it', json({})],
  ])('polls where there are no events: %s', async (_, noStream) => {
    await using api = await ScriptedApi.open();
    api.on(STREAM, noStream).on(PUSH, running, running, placed);
    const { exitCode } = await entrepot({ url: api.url }, ...WATCH);
    expect(exitCode).toBe(0);
    expect(api.lines().slice(2)).toEqual([`${PUSH}?wait=10ms`, `${PUSH}?wait=10ms`]);
  });

  test('polls once three streams in a row had no event', async () => {
    await using api = await ScriptedApi.open();
    api.on(STREAM, events(), events(), events()).on(PUSH, ...Array.from({ length: 7 }, () => running), placed);
    expect((await entrepot({ url: api.url }, ...WATCH)).exitCode).toBe(0);
    expect(api.lines().at(-1)).toBe(`${PUSH}?wait=10ms`);
  });

  test('believes the push, not an event, that it is over', async () => {
    await using api = await ScriptedApi.open();
    api
      .on(STREAM, events({ id: 1, event: 'push', data: placedPush({ state: 'failed' }) }))
      .on(PUSH, running, running, placed);
    expect((await entrepot({ url: api.url }, ...WATCH)).exitCode).toBe(0);
  });

  test('events that make no sense change nothing', async () => {
    await using api = await ScriptedApi.open();
    const nonsense = [
      { event: 'transfer', data: 'text' },
      { event: 'progress', data: { registry: 7 } },
      { event: 'push', data: { transfers: [{}] } },
    ];
    api.on(STREAM, events(...nonsense, end)).on(PUSH, running, running, placed);
    const { exitCode, stderr } = await entrepot({ url: api.url }, ...WATCH);
    expect(exitCode).toBe(0);
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
  });

  test('a push that is forgotten meanwhile is a failure at once', async () => {
    await using api = await ScriptedApi.open();
    api.on(STREAM, events('hang')).on(PUSH, running, problem(404, 'push_unknown', 'There is no push "push_1"'));
    const { exitCode, stderr } = await entrepot({ url: api.url }, ...WATCH);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('There is no push "push_1" [push_unknown]');
  });
});

describe('plain lines of progress', () => {
  test('come when a state changes, and for bytes only now and then', async () => {
    await using api = await ScriptedApi.open();
    const stream = events(
      { event: 'progress', data: leg({ bytesSent: 70_000_000 }) },
      { event: 'progress', data: leg({ bytesSent: 80_000_000 }) },
      {
        event: 'transfer',
        data: leg({
          state: 'waiting',
          attempts: 2,
          nextAttemptAt: '2026-03-01T08:00:20.000Z',
          rate: null,
          error: {
            code: 'connection_lost',
            detail: 'reset',
            side: 'target',
            step: 'blob upload',
            at: '2026-03-01T08:00:10.000Z',
          },
        }),
      },
      end,
    );
    api.on(STREAM, stream).on(PUSH, running, running, placed);
    const { stderr } = await entrepot({ url: api.url, nowMs: Date.parse('2026-03-01T08:00:12.000Z') }, ...WATCH);
    expect(stderr).toMatchInlineSnapshot(`
      "aliyun-beijing: sending, 42%  63 MB of 150 MB  4.2 MB/s  20.7 s left
      singapore: sending, 42%  63 MB of 150 MB  4.2 MB/s  20.7 s left
      singapore: waiting, 42%  63 MB of 150 MB  next try in 8.0 s  attempt 2; last error (target, blob upload): reset
      "
    `);
  });

  test('tell bytes too once enough time went by', async () => {
    await using api = await ScriptedApi.open();
    api
      .on(STREAM, events({ event: 'progress', data: leg({ bytesSent: 75_000_000 }) }, end))
      .on(PUSH, running, running, placed);
    const { stderr } = await entrepot({ url: api.url, timings: { progressLineMs: 0 } }, ...WATCH);
    expect(stderr).toContain('singapore: sending, 50%  75 MB of 150 MB');
  });

  test('are used on a terminal too when it is one of a CI system', async () => {
    await using api = await ScriptedApi.open();
    api.on(STREAM, events(end)).on(PUSH, running, running, placed);
    const { stderr } = await entrepot(
      { url: api.url, terminal: { columns: 80, rows: 24 }, env: { CI: 'true', NO_COLOR: '1' } },
      ...WATCH,
    );
    expect(stderr).not.toContain('\x1b');
    expect(stderr).toContain('singapore: sending');
  });
});

describe('a terminal', () => {
  test('shows bars, redraws them in place and clears them for the summary', async () => {
    await using api = await ScriptedApi.open();
    api
      .on(STREAM, events({ event: 'transfer', data: leg({ state: 'verifying', rate: null }) }, end))
      .on(PUSH, running, running, placed);
    const { stdout, stderr } = await entrepot(
      { url: api.url, terminal: { columns: 100, rows: 24 }, env: { NO_COLOR: '1' } },
      ...WATCH,
    );
    expect(stderr).toContain('singapore       sending  [######');
    expect(stderr.endsWith('\x1b[3A\r\x1b[J')).toBe(true);
    expect(stdout).toContain('is placed everywhere');
  });

  test('that is made narrower has all rows cleared that the wrapped lines take now', async () => {
    await using api = await ScriptedApi.open();
    const terminal = { columns: 100, rows: 24 };
    const line = new CommandLine({
      url: api.url,
      terminal,
      env: { NO_COLOR: '1' },
      nowMs: Date.parse('2026-03-01T08:00:12.400Z'),
    });
    const narrowed = line.written('[####').then(() => {
      terminal.columns = 40;
    });
    api.on(STREAM, events(narrowed, line.written('\x1b[8A'), end)).on(PUSH, running, running, placed);
    const { stderr } = await line.run(...WATCH);
    // Three lines of 77, 99 and 99 columns are 2, 3 and 3 rows of 40.
    expect(stderr).toContain('\x1b[8A\r\x1b[J');
    for (const row of stderr.split('\x1b[8A\r\x1b[J')[1]?.split('\n') ?? []) expect(row.length).toBeLessThan(40);
  });

  test('has colours unless NO_COLOR says otherwise', async () => {
    await using api = await ScriptedApi.open();
    api.on(PUSH, placed, placed);
    const terminal = { columns: 100, rows: 24 };
    expect((await entrepot({ url: api.url, terminal }, ...WATCH)).stdout).toContain('\x1b[32mplaced');
    expect((await entrepot({ url: api.url, terminal, env: { NO_COLOR: '1' } }, ...WATCH)).stdout).not.toContain('\x1b');
  });

  test('is not given control characters that came from elsewhere', async () => {
    await using api = await ScriptedApi.open();
    const evil = '\x1b]0;owned\x07\u009b2Jsinga\npore\u202e';
    api.on(
      PUSH,
      json(
        placedPush({
          image: `team/app:\x1b[2J`,
          transfers: [
            exampleLeg({
              registry: evil,
              state: 'failed',
              error: { code: 'x', detail: '\rhidden\x1b[A', side: 'target', step: 's', at: '' },
            }),
          ],
          state: 'failed',
        }),
      ),
    );
    const { stdout } = await entrepot(
      { url: api.url, terminal: { columns: 100, rows: 24 }, env: { NO_COLOR: '1' } },
      ...WATCH,
    );
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(stdout).toContain('singa pore');
  });
});
