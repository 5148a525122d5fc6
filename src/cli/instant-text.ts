import type { Texts } from './texts/texts.ts';

const MINUTE_MS = 60_000;

/** How long ago something was, as a person says it; the empty text for what is not an instant. */
export function formatAge(at: string | null, nowMs: number, texts: Texts): string {
  const atMs = at === null ? Number.NaN : Date.parse(at);
  if (Number.isNaN(atMs)) return '';
  const minutes = Math.floor((nowMs - atMs) / MINUTE_MS);
  if (minutes < 1) return texts.age.now;
  if (minutes < 60) return texts.age.minutes(minutes);
  if (minutes < 48 * 60) return texts.age.hours(Math.floor(minutes / 60));
  return texts.age.days(Math.floor(minutes / 1_440));
}

/** An instant of the API in the reader's own time zone: `2026-03-01 14:05`. */
export function formatLocalTime(at: string | null): string {
  const date = new Date(at ?? Number.NaN);
  if (Number.isNaN(date.getTime())) return '';
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Milliseconds between two instants of the API; undefined while either is not known. */
export function findElapsedMs(from: string | null, to: string | null): number | undefined {
  const elapsedMs = Date.parse(to ?? '') - Date.parse(from ?? '');
  return Number.isNaN(elapsedMs) ? undefined : Math.max(0, elapsedMs);
}
