export type LocalTime = { readonly day: string; readonly hour: number };

const QUARTER_HOUR = 900_000;

/**
 * The day and hour of an instant in a time zone. Zones differ from UTC by whole quarters of an hour, so what one
 * instant of a quarter hour was told is remembered for the others.
 */
export function localTimes(timeZone: string): (atMs: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
  });
  const known = new Map<number, LocalTime>();
  return (atMs) => {
    const quarter = Math.floor(atMs / QUARTER_HOUR);
    const found = known.get(quarter);
    if (found !== undefined) return found;
    const parts = new Map(format.formatToParts(quarter * QUARTER_HOUR).map(({ type, value }) => [type, value]));
    const time = {
      day: `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`,
      hour: Number(parts.get('hour')),
    };
    known.set(quarter, time);
    return time;
  };
}
