import fc from 'fast-check';
import { expect, test } from 'vitest';
import { localTimes } from '../../../src/bench/recommend/local-time.ts';

test.each(['Asia/Shanghai', 'America/New_York', 'Asia/Kolkata', 'UTC', 'Australia/Lord_Howe'])(
  'hours and days of %s are those that Intl writes, also where clocks change',
  (timeZone) => {
    const toLocal = localTimes(timeZone);
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
    // The spring and autumn of 2026 by the minute, and anything else.
    const minutes = (from: string) => fc.nat(60 * 24 * 40).map((minute) => Date.parse(from) + minute * 60_000);
    const instants = fc.oneof(minutes('2026-03-01'), minutes('2026-10-01'), fc.nat(4_000_000_000_000));
    fc.assert(
      fc.property(instants, (at) => {
        const [date = '', time = ''] = format.format(at).split(' ');
        expect(toLocal(at)).toEqual({ day: Date.parse(date) / 86_400_000, hour: Number(time.slice(0, 2)) });
      }),
    );
  },
);
