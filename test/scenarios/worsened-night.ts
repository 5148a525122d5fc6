import { secondsText } from '../../src/kernel/figure-text.ts';
import type { BenchmarkWorld } from './benchmark-world.ts';

const HOUR = 3_600_000;
/** Hours of the clock at Beijing. */
export const [NOON, NIGHT] = [12, 3];
/** No other test measures with it: the report is of this size alone. */
const PAYLOAD = '300kB';
/** It takes some ten seconds; on a machine with much else to do some minutes. */
const PATIENCE_MS = 600_000;

/** What a report says of one hour of the day: seconds that 90 % stay within, and the colour that the page gives it. */
export type MappedHour = { readonly p90: number; readonly color: readonly number[] };
export type MappedHours = Readonly<Record<'korea' | 'japan', Readonly<Record<'noon' | 'night', MappedHour>>>>;

/**
 * Measures Korea and Japan at noon, and then at night with the link to Korea worsened, by a service whose clock shows
 * those hours; and reads the hours of uploads in the report, as values and as a page.
 */
export async function measureWorsenedNight(world: BenchmarkWorld): Promise<MappedHours> {
  const request = { legs: ['upload'], registries: ['korea', 'japan'], payloads: [PAYLOAD], rounds: 2, idle: '200ms' };
  await world.restart({ shiftMs: untilLast(NOON) });
  await world.measure(request, PATIENCE_MS);
  await world.wan.change('bj-kr', { delayMs: 80, jitterMs: 8, lossPercent: 3, burstPackets: 4, rateMbit: 1 });
  try {
    await world.restart({ shiftMs: untilLast(NIGHT) });
    await world.measure(request, PATIENCE_MS);
  } finally {
    await world.restoreLink('bj-kr');
    await world.restart({});
  }
  const about = `/v1/benchmarks/all/report?site=us-east&payload=${PAYLOAD}`;
  const { body: report } = await world.send('GET', about);
  const { body: page } = await world.read(`${about}&format=html`);
  const series = report.series as readonly { registry: string; byHour: readonly { p90: number | null }[] }[];
  const hoursOf = (registry: string) => {
    const byHour = series.find((one) => one.registry === registry)?.byHour;
    const mapped = (hour: number): MappedHour => {
      const p90 = byHour?.[hour]?.p90;
      if (p90 == null) throw new Error(`${registry} has nothing at ${hour}:00`);
      return { p90, color: colorOf(page, hour, p90) };
    };
    return { noon: mapped(NOON), night: mapped(NIGHT) };
  };
  return { korea: hoursOf('korea'), japan: hoursOf('japan') };
}

/** By how much a clock goes back to half past that hour, the last time that it was at Beijing. */
function untilLast(hour: number): number {
  const nowAtBeijing = (Date.now() / HOUR + 8) % 24;
  return -((nowAtBeijing - hour - 0.5 + 24) % 24) * HOUR;
}

/** Of the cell in the heat map that says so. */
function colorOf(page: string, hour: number, p90: number): readonly number[] {
  const title = `${String(hour).padStart(2, '0')}:00, 90 % within ${secondsText(p90)}`;
  const found = new RegExp(`fill="rgb\\((\\d+) (\\d+) (\\d+)\\)"><title>${title},`).exec(page);
  if (found === null) throw new Error(`the page has no cell "${title}"`);
  return found.slice(1).map(Number);
}
