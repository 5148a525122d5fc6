/** A day by its number since 1970, and an hour of it, as clocks in a time zone have them. */
export type LocalTime = { readonly day: number; readonly hour: number };

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * The day and hour of instants in a time zone. Asking for a zone's offset is slow, and it changes twice a year: it is
 * asked at both ends of a day, and only where those differ for the instant itself.
 */
export function localTimes(timeZone: string): (atMs: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  });
  const known = new Map<number, number>();
  const offsetAt = (atMs: number) => {
    const at = Math.floor(atMs / 60_000) * 60_000;
    const found = known.get(at);
    if (found !== undefined) return found;
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
    const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'));
    known.set(at, local - at);
    return local - at;
  };
  return (atMs) => {
    const midnight = Math.floor(atMs / DAY) * DAY;
    const [before, after] = [offsetAt(midnight), offsetAt(midnight + DAY)];
    const local = atMs + (before === after ? before : offsetAt(atMs));
    const day = Math.floor(local / DAY);
    return { day, hour: Math.floor((local - day * DAY) / HOUR) };
  };
}
