import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { performAdviceTask, type RecommendTask } from '../../../src/app/advice/advice-task.ts';
import { defaultRule } from '../../../src/bench/recommend/rule-settings.ts';
import { openMeasurementReader } from '../../../src/store/measurement-reader.ts';
import { AT, sampleMeasurement } from '../../conformance/measurement-samples.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { recordIn } from './measured-folder.ts';

const recommend: RecommendTask = {
  kind: 'recommend',
  site: 'us-east',
  at: AT + 60_000,
  candidates: [{ registry: 'singapore', costPerGb: null }],
  legs: ['upload'],
  incumbent: null,
  rule: defaultRule,
};

test.each([
  ["update measured_hours set figures = x'0102'", 'measured hours'],
  ['update measured_hours set figures = substr(figures, 1, 60)', 'measured hours'],
  ["update measured_hours set leg = 'sideways', site = 'us-east'", 'measured hours'],
  ['update measurements set rate = -5', 'measurements'],
])('what others did to the database is told, not reckoned with: %s', async (change, what) => {
  await using folder = await openTempFolder('advice-task');
  await recordIn(folder.path, [sampleMeasurement('a')]);
  const database = new Database(join(folder.path, 'entrepot.db'));
  database.exec(change);
  database.close();
  const reader = openMeasurementReader(folder.path);
  const request = { site: 'us-east', campaign: 'bench_1', format: 'json' } as const;
  try {
    const report = () => performAdviceTask(reader, { kind: 'report', request, recommend, isKnown: true });
    expect(report).toThrow(expect.objectContaining({ code: 'data_unusable', message: expect.stringContaining(what) }));
  } finally {
    reader.close();
  }
});

test('a report says how the uploads of its campaign were sent', async () => {
  await using folder = await openTempFolder('advice-task');
  const older = { campaign: 'bench_0', congestionControl: 'cubic' };
  await recordIn(folder.path, [
    sampleMeasurement('a', { congestionControl: 'bbr' }),
    sampleMeasurement('b', older),
    sampleMeasurement('c', { congestionControl: null }),
  ]);
  const reader = openMeasurementReader(folder.path);
  const sendingOf = (campaign: string | null) => {
    const request = { site: 'us-east', campaign, format: 'json' } as const;
    return JSON.parse(String(performAdviceTask(reader, { kind: 'report', request, recommend, isKnown: true }))).sending;
  };
  try {
    expect(sendingOf('bench_1')).toMatchObject({ congestionControl: { singapore: ['bbr'] } });
    expect(sendingOf('bench_0')).toMatchObject({ congestionControl: { singapore: ['cubic'] } });
    expect(sendingOf(null).congestionControl).toEqual({ singapore: ['bbr', 'cubic'] });
  } finally {
    reader.close();
  }
});
