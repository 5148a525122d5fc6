import { Failure } from './failure.ts';

const UNITS: Record<string, number> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** `8MiB`, `200GiB`, `150MB` or a plain number of bytes → bytes. Throws `validation_failed` on anything else. */
export function parseByteSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?$/.exec(text);
  const unit = UNITS[match?.[2] ?? 'B'];
  if (match?.[1] === undefined || unit === undefined) {
    throw new Failure('validation_failed', `"${text}" is not a size such as 8MiB, 150MB or 200GiB`);
  }
  return Math.round(Number(match[1]) * unit);
}

/** Bytes as a person reads them, decimal units: `950 B`, `1.5 kB`, `150 MB`. */
export function formatByteSize(bytes: number): string {
  let value = bytes;
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (Math.abs(value) < 999.5) return `${value < 10 && unit !== 'B' ? value.toFixed(1) : Math.round(value)} ${unit}`;
    value /= 1_000;
  }
  return `${value.toFixed(1)} TB`;
}
