/** From figures to pixels, with the figures worth writing at an axis. */
export type Scale = { readonly at: (value: number) => number; readonly ticks: readonly number[] };

type Span = { readonly from: number; readonly to: number };

/** From nothing to a round number at or above the greatest value. */
export function linearScale(greatest: number, pixels: Span, wanted = 4): Scale {
  const rough = Math.max(greatest, Number.MIN_VALUE) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const top = Math.max(1, Math.ceil(greatest / step)) * step;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, at) => at * step);
  return { at: (value) => pixels.from + (value / top) * (pixels.to - pixels.from), ticks };
}

/** For what spans orders of magnitude. Ticks are 1, 2 and 5 times powers of ten, or those given. */
export function logScale(least: number, greatest: number, pixels: Span, given?: readonly number[]): Scale {
  const [low, high] = [Math.log(least), Math.log(Math.max(greatest, least * 1.5))];
  const first = Math.floor(Math.log10(least));
  const decades = Array.from({ length: Math.ceil(Math.log10(greatest)) - first + 2 }, (_, at) => 10 ** (first + at));
  const candidates = given ?? decades.flatMap((decade) => [decade, 2 * decade, 5 * decade]);
  return {
    at: (value) => pixels.from + ((Math.log(value) - low) / (high - low)) * (pixels.to - pixels.from),
    ticks: candidates.filter((tick) => tick >= least * 0.999 && tick <= greatest * 1.001),
  };
}

/** Durations that people count in. */
export const SECOND_TICKS = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600];

export type TimeTick = { readonly at: number; readonly label: string };

/** Instants at round local times, no more than `most`. */
export function timeTicks(from: number, until: number, timeZone: string, most: number): readonly TimeTick[] {
  const HOUR = 3_600_000;
  const steps = [1, 2, 3, 6, 12, 24, 48, 7 * 24, 14 * 24, 28 * 24, 91 * 24].map((hours) => hours * HOUR);
  const step = steps.find((length) => (until - from) / length <= most) ?? 91 * 24 * HOUR;
  const day = new Intl.DateTimeFormat('en-GB', { timeZone, day: 'numeric', month: 'short' });
  const hour = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
  const offset = localOffset(from, timeZone);
  const first = Math.ceil((from + offset) / step) * step - offset;
  const ticks: TimeTick[] = [];
  for (let at = first; at <= until; at += step) {
    const isMidnight = hour.format(at) === '00:00';
    ticks.push({ at, label: step >= 24 * HOUR || isMidnight ? day.format(at) : hour.format(at) });
  }
  return ticks;
}

function localOffset(at: number, timeZone: string): number {
  const whole = Math.floor(at / 60_000) * 60_000;
  return Date.parse(`${new Date(whole).toLocaleString('sv-SE', { timeZone }).replace(' ', 'T')}Z`) - whole;
}
