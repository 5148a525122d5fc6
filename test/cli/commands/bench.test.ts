import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { presentRecommendation } from '../../../src/api/present/present-recommendation.ts';
import { presentReport } from '../../../src/api/present/present-report.ts';
import { recommend } from '../../../src/bench/recommend/recommend.ts';
import { buildReport } from '../../../src/bench/report/build-report.ts';
import { foldIntoHours } from '../../../src/bench/report/hour-row.ts';
import { shades, sparkline } from '../../../src/cli/spark.ts';
import { questionAbout } from '../../bench/recommend/recommend-question.ts';
import { simulate } from '../../bench/recommend/simulated-weeks.ts';
import { hourSource } from '../../bench/report/hour-source.ts';
import { reportSamples } from '../../bench/report/report-samples.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { entrepot } from '../support/command-line.ts';
import { json, problem, ScriptedApi } from '../support/scripted-api.ts';

const hoursOf = (samples: Parameters<typeof foldIntoHours>[0]) => hourSource(foldIntoHours(samples));

const even = (rate: number) => ({ day: { rate, fail: 0 }, peak: { rate, fail: 0 } });
const measured = (days: number) =>
  recommend(questionAbout(simulate({ profiles: { korea: even(7), singapore: even(9) }, days, seed: 1, noise: 0.05 })));
const [founded, provisional] = [measured(8), measured(0.25)];
const report = presentReport(
  buildReport(hoursOf(reportSamples({ count: 4_000, hours: 48 })), {
    campaign: 'bench_1',
    timeZone: 'Asia/Shanghai',
    referenceBytes: 150e6,
    recommendation: founded,
    algorithms: new Map([['korea', ['bbr']]]),
  }),
);

describe('bench report', () => {
  test('shows the advice, a row for each leg, and when it is slow', async () => {
    await using api = await ScriptedApi.open();
    api.on('GET /v1/benchmarks/all/report', json(report));
    const { exitCode, stdout } = await entrepot({ url: api.url }, 'bench', 'report');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Recommended for us-east: singapore \(confidence high\)\n {2}singapore brings 150 MB in /);
    expect(stdout).toMatch(/REGISTRY +LEG +SAMPLES +150 MB TAKES +95 % WITHIN +GOODPUT +P10 +VARIATION/);
    expect(stdout).toMatch(/singapore +up +1000 +\d+ s +.* [▁▂▃▄▅▆▇█]{24} +recommended\n +down +1000/);
    expect(stdout).toMatch(/What 90 % stay within by hour of the day \(Asia\/Shanghai\)/);
    expect(stdout).toMatch(/\nUploads were sent with bbr, which does not slow down at each lost packet/);
    expect(stdout).toMatch(/korea +up +[░▒▓█]{24} +\d\d:00, /);
  });

  test('names the sizes that it is not about', async () => {
    await using api = await ScriptedApi.open();
    const sizes = [...report.sizes, { payloadBytes: 1_000_000, samples: 5 }];
    api.on('GET /v1/benchmarks/all/report', json({ ...report, sizes }));
    expect((await entrepot({ url: api.url }, 'bench', 'report')).stdout).toMatch(
      /, \d+ samples of \d+ MB \(--payload for 1 MB\)\n/,
    );
  });

  test.each(['csv', 'html'])('passes on %s as it comes, into a file where one is named', async (format) => {
    await using api = await ScriptedApi.open();
    await using folder = await openTempFolder('report');
    api.on('GET /v1/benchmarks/bench_1/report', (response) => void response.end('the report'));
    const file = join(folder.path, 'report');
    const command = ['bench', 'report', 'bench_1', '--format', format, '--output', file];
    const { stderr } = await entrepot({ url: api.url }, ...command);
    expect(stderr).toBe(`Report written to ${file}\n`);
    expect(await readFile(file, 'utf8')).toBe('the report');
    expect(api.lines()).toEqual([`GET /v1/benchmarks/bench_1/report?format=${format}`]);
    api.on('GET /v1/benchmarks/bench_1/report', (response) => void response.end('the report'));
    const { stdout } = await entrepot({ url: api.url }, ...command, '--json');
    expect(JSON.parse(stdout)).toEqual({ file, format });
  });

  test('asks for what was asked for, and prints one value for programs', async () => {
    await using api = await ScriptedApi.open();
    api.on('GET /v1/benchmarks/all/report', json(report));
    const options = ['--site', 'us-east', '--payload', '16MB', '--window', '30d', '--json'];
    const { stdout } = await entrepot({ url: api.url }, 'bench', 'report', ...options);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(report)));
    expect(api.lines()).toEqual(['GET /v1/benchmarks/all/report?site=us-east&payload=16MB&window=30d']);
  });

  test.each([
    ['--format', 'pdf'],
    ['--payload', 'big'],
    ['--window', 'long'],
    ['--output', 'x'],
  ])('refuses %s %s', async (...options) => {
    const { exitCode, stderr } = await entrepot({}, 'bench', 'report', ...options);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Run "entrepot bench report --help"');
  });

  test('says that nothing was measured', async () => {
    await using api = await ScriptedApi.open();
    api.on(
      'GET /v1/benchmarks/all/report',
      json({ ...report, samples: 0, payloadBytes: null, series: [], recommendation: null }),
    );
    expect((await entrepot({ url: api.url }, 'bench', 'report')).stdout).toBe('Nothing was measured.\n');
  });
});

test('bench recommend says why, and ranks', async () => {
  await using api = await ScriptedApi.open();
  api.on('GET /v1/recommendation', json(presentRecommendation(provisional, null)));
  const { exitCode, stdout } = await entrepot({ url: api.url }, 'bench', 'recommend', '--image', 'team/app');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('Provisional for us-east: singapore (confidence low)');
  expect(stdout).toContain('A decision still needs more:\n  korea, singapore: 6 of 60 rounds');
  expect(stdout).toMatch(/REGISTRY +ROUNDS +150 MB TAKES .*\nsingapore +6 .* recommended\nkorea +6 .* steady too\n/);
  expect(api.lines()).toEqual(['GET /v1/recommendation?image=team%2Fapp']);
});

test('bench recommend tells rounds that do not count because a machine was busy', async () => {
  await using api = await ScriptedApi.open();
  const answer = presentRecommendation(provisional, null);
  const ranked = answer.ranked.map((one) => ({ ...one, samples: 4, busyRounds: 2 }));
  api.on('GET /v1/recommendation', json({ ...answer, ranked }));
  expect((await entrepot({ url: api.url }, 'bench', 'recommend')).stdout).toMatch(/\nsingapore +4 \(\+2 busy\) /);
});

describe('choose --recommended', () => {
  const choice = (registry: string) => ({ registry, revision: 3, source: 'image', backfill: null });

  test('keeps the evidence in the choice', async () => {
    await using api = await ScriptedApi.open();
    const advice = presentRecommendation(founded, 'team/app');
    api.on('GET /v1/recommendation', json(advice));
    api.on('GET /v1/images/team%2Fapp/choice', problem(404, 'not_found', 'none'));
    api.on('PUT /v1/images/team%2Fapp/choice', json(choice('singapore')));
    const { exitCode, stdout } = await entrepot({ url: api.url }, 'choose', 'team/app', '--recommended');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('team/app: nothing chosen -> singapore (revision 3)');
    const body = JSON.parse(String(api.requests.find(({ line }) => line.startsWith('PUT'))?.body));
    expect(body).toMatchObject({
      registry: 'singapore',
      reason: expect.stringContaining('recommended: singapore brings'),
    });
    expect(body.evidence).toEqual(JSON.parse(JSON.stringify(advice)));
  });

  test('asks for --provisional when too little was measured', async () => {
    await using api = await ScriptedApi.open();
    api.on('GET /v1/recommendation', json(presentRecommendation(provisional, null)));
    api.on('GET /v1/choices/*', problem(404, 'pattern_unknown', 'none'));
    const refused = await entrepot({ url: api.url }, 'choose', '*', '--recommended');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/6 of 60 rounds.*--recommended --provisional/);
  });

  test('takes it all the same with --provisional', async () => {
    await using api = await ScriptedApi.open();
    api.on('GET /v1/recommendation', json(presentRecommendation(provisional, null)));
    api.on('GET /v1/choices/*', problem(404, 'pattern_unknown', 'none'));
    api.on('PUT /v1/choices/*', json({ ...choice('singapore'), source: 'pattern' }));
    const taken = await entrepot({ url: api.url }, 'choose', '*', '--recommended', '--provisional');
    expect(taken.exitCode).toBe(0);
    expect(taken.stdout).toContain('A decision still needs more:');
  });

  test.each([
    [['singapore', '--recommended']],
    [['--default', '--recommended']],
    [['singapore', '--provisional']],
    [['singapore', '--site', 'us-east']],
  ])('refuses %s', async (options) => {
    expect((await entrepot({}, 'choose', 'team/app', ...options)).exitCode).toBe(2);
  });
});

describe('small charts', () => {
  test('a line of bars joins what has no room, and shows gaps', () => {
    expect(sparkline([0, 4, 8, null], 8, 10)).toBe('▁▅█·');
    expect(sparkline([0, 2, 8, 8], 8, 2)).toBe('▂█');
    expect(sparkline([], 8, 10)).toBe('');
    expect(sparkline([0, 0], 0, 10)).toBe('▁▁');
  });

  test('cells are on a scale of ratios', () => {
    expect(shades([1, 10, 100, null], 1, 100)).toBe('░▓█·');
    expect(shades([5, 5], 5, 5)).toBe('░░');
  });
});

const benchmark = {
  id: 'bench_1',
  state: 'running',
  waitingFor: null,
  createdAt: '2026-03-01T08:15:30.250Z',
  rounds: 2,
  roundsDone: 0,
  samples: 0,
  registries: ['korea', 'singapore'],
  payloads: [1_000_000, 16_000_000],
  expectedBytes: 68_000_000,
};

describe('bench run', () => {
  test('says what it will move, follows it to its end, and exits by how it ended', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/benchmarks', json(benchmark, 202));
    api.on('GET /v1/benchmarks/bench_1', json({ ...benchmark, state: 'finished', roundsDone: 2, samples: 8 }));
    const options = ['--rounds', '2', '--registries', 'korea,singapore', '--payloads', '1MB,16MB', '--legs', 'upload'];
    const { exitCode, stdout, stderr } = await entrepot({ url: api.url }, 'bench', 'run', ...options);
    expect(exitCode).toBe(0);
    expect(stderr).toContain(
      'bench_1: 2 rounds of 2 registries, 68 MB in all; at 8 Mbit/s about 1 min 32 s. To stop it: entrepot bench stop bench_1\n',
    );
    expect(stdout).toBe('bench_1 is finished: 2 rounds, 8 samples.\n');
  });

  test('a stopped one exits with 1; --no-wait prints the id and asks no more', async () => {
    await using api = await ScriptedApi.open();
    api.on('POST /v1/benchmarks', json(benchmark, 202));
    const started = await entrepot({ url: api.url }, 'bench', 'run', '--no-wait');
    expect([started.exitCode, started.stdout]).toEqual([0, 'bench_1\n']);
    api.on('POST /v1/benchmarks', json(benchmark, 202));
    api.on('GET /v1/benchmarks/bench_1', json({ ...benchmark, state: 'stopped' }));
    expect((await entrepot({ url: api.url }, 'bench', 'run')).exitCode).toBe(1);
  });

  test.each([
    ['--rounds', 'many'],
    ['--payloads', '1MB,big'],
  ])('%s %s is wrong usage', async (...option) => {
    await using api = await ScriptedApi.open();
    expect((await entrepot({ url: api.url }, 'bench', 'run', ...option)).exitCode).toBe(2);
  });
});

test('bench stop says how far it came', async () => {
  await using api = await ScriptedApi.open();
  api.on('POST /v1/benchmarks/bench_1/stop', json({ ...benchmark, state: 'stopped', roundsDone: 1, samples: 5 }));
  const { stdout } = await entrepot({ url: api.url }, 'bench', 'stop', 'bench_1');
  expect(stdout).toBe('bench_1 is stopped: 1 round, 5 samples.\n');
});

test('bench list shows the newest and, of each schedule, the next time and what became of the last', async () => {
  await using api = await ScriptedApi.open();
  const last = { dueAt: '2026-03-01T00:00:00.000Z', benchmark: null, passedOver: 'quiet_hours', detail: null };
  const downloads = { legs: ['upload', 'download'], sites: ['us-east'] };
  const schedules = [
    {
      name: 'nightly',
      cron: '30 2 * * *',
      timeZone: 'Asia/Shanghai',
      rounds: 2,
      ...downloads,
      nextAt: '2026-03-02T00:00:00.000Z',
      runs: [last],
    },
    { name: 'weekly', nextAt: null, runs: [{ ...last, benchmark: 'bench_1', passedOver: null }] },
    { name: 'new', nextAt: '2026-03-02T00:00:00.000Z', runs: [] },
    { name: 'odd', nextAt: null, runs: [{ ...last, passedOver: 'refused', detail: 'no such registry' }] },
  ];
  for (let times = 0; times < 2; times += 1) {
    api.on('GET /v1/benchmarks', json({ items: [benchmark], next: null }));
    api.on('GET /v1/schedules', json({ items: schedules, next: null }));
  }
  const { stdout } = await entrepot({ url: api.url }, 'bench', 'list');
  expect(stdout).toMatch(/^BENCHMARK +STATE .*\nbench_1 +running +0\/2 /);
  expect(stdout).toMatch(
    /\n\nSCHEDULE +WHEN +MEASURES +NEXT +LAST\nnightly +30 2 \* \* \* Asia\/Shanghai +2 rounds, up, down to us-east +2026-03-0\d \d\d:00 +2026-\d\d-\d\d \d\d:00 passed over: a quiet hour\n/,
  );
  expect(stdout).toMatch(
    /\nweekly +- +1 round +- +2026-\d\d-\d\d \d\d:00 bench_1\nnew +- +1 round +2026-03-0\d \d\d:00 +-\nodd .* passed over: refused \(no such registry\)\n$/,
  );
  const programs = await entrepot({ url: api.url }, 'bench', 'list', '--json');
  expect(JSON.parse(programs.stdout)).toMatchObject({ items: [{ id: 'bench_1' }], next: null, schedules });
});
