import { describe, expect, test } from 'vitest';
import type { MeasurementReader, MeasurementStore } from '../../src/bench/measurement-store.ts';
import type { RecordedMeasurement } from '../../src/bench/recorded-measurement.ts';
import { buildReport } from '../../src/bench/report/build-report.ts';
import { AT, REFERENCE, sampleMeasurement } from './measurement-samples.ts';

const HOUR = 3_600_000;
const EVERYTHING = { site: 'us-east', after: 0, until: AT + 1_000 * HOUR };

export type OpenMeasurements = () => Promise<
  AsyncDisposable & { readonly store: MeasurementStore; openReader(): MeasurementReader }
>;

/** What every store of measurements must do. */
export function describeMeasurementStore(name: string, open: OpenMeasurements): void {
  describe(`measurements in ${name}`, () => {
    const read = <T>(reader: MeasurementReader, work: (reader: MeasurementReader) => T): T => {
      try {
        return work(reader);
      } finally {
        reader.close();
      }
    };

    test('gives back what was recorded, in the order it was measured', async () => {
      await using opened = await open();
      expect(await opened.store.isEmpty()).toBe(true);
      const [later, earlier] = [
        sampleMeasurement('b', { at: AT + 2, congestionControl: 'bbr' }),
        sampleMeasurement('a', { ok: false, rate: null, jitterMs: null, congestionControl: null }),
      ];
      expect(await opened.store.record([later, earlier], REFERENCE)).toBe(2);
      expect(await opened.store.isEmpty()).toBe(false);
      const found = read(opened.openReader(), (reader) => reader.measurements(EVERYTHING));
      expect(found).toHaveLength(2);
      expect([earlier, later]).toMatchObject(found);
    });

    test('records each measurement once, and counts it once in its hour', async () => {
      await using opened = await open();
      expect(await opened.store.record([sampleMeasurement('a'), sampleMeasurement('a', { rate: 1 })], REFERENCE)).toBe(
        1,
      );
      expect(await opened.store.record([sampleMeasurement('a'), sampleMeasurement('b')], REFERENCE)).toBe(1);
      const question = { campaign: null, timeZone: 'UTC', referenceBytes: 150e6, recommendation: null };
      read(opened.openReader(), (reader) => {
        const hours = reader.hours({ ...EVERYTHING, campaign: null });
        expect(hours.sizes).toMatchObject([{ payloadBytes: 16_000_000, samples: 2, series: 1 }]);
        expect(buildReport(hours, question).series).toMatchObject([{ samples: 2 }]);
      });
    });

    test('leaves out what cannot have been measured', async () => {
      await using opened = await open();
      const bad: Partial<RecordedMeasurement>[] = [
        { rate: -1 },
        { rate: Number.NaN },
        { rate: null },
        { setupSeconds: Number.POSITIVE_INFINITY },
        { payloadBytes: 0 },
        { at: Number.NaN },
        { jitterMs: -3 },
        { idleMs: Number.NaN },
        { loadedMs: -1 },
      ];
      const samples = bad.map((change, nth) => sampleMeasurement(`bad${nth}`, change));
      expect(await opened.store.record(samples, REFERENCE)).toBe(0);
      expect(await opened.store.isEmpty()).toBe(true);
    });

    test('reads the path of a site: all uploads, and the downloads to it', async () => {
      await using opened = await open();
      const own = [
        sampleMeasurement('up', { round: 'up' }),
        sampleMeasurement('down', { round: 'down', leg: 'download', site: 'us-east' }),
      ];
      await opened.store.record([...own, sampleMeasurement('other', { leg: 'download', site: 'eu-west' })], REFERENCE);
      const rounds = read(opened.openReader(), (reader) => reader.measurements(EVERYTHING)).map(({ round }) => round);
      expect(rounds.toSorted()).toEqual(['down', 'up']);
    });

    test('reads a time and a campaign alone', async () => {
      await using opened = await open();
      await opened.store.record(
        [
          sampleMeasurement('a'),
          sampleMeasurement('b', { at: AT + HOUR }),
          sampleMeasurement('c', { at: AT + 2 * HOUR, campaign: 'bench_2' }),
        ],
        REFERENCE,
      );
      const range = { site: 'us-east', after: AT, until: AT + HOUR };
      read(opened.openReader(), (reader) => {
        expect(reader.measurements(range).map(({ at }) => at)).toEqual([AT + HOUR]);
        const all = reader.hours({ ...EVERYTHING, campaign: null });
        const [first, last] = [Date.UTC(2026, 2, 1, 8), Date.UTC(2026, 2, 1, 10)];
        expect(all.sizes).toMatchObject([{ firstAt: first, lastAt: last, samples: 3 }]);
        expect([...all.rows(16_000_000)].map(({ hourAt }) => hourAt).sort()).toEqual([first, first + HOUR, last]);
        const second = reader.hours({ ...EVERYTHING, campaign: 'bench_2' });
        expect([...second.rows(16_000_000)]).toMatchObject([{ hourAt: last }]);
      });
    });
  });
}
