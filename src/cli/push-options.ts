import { parseDuration } from '../kernel/duration.ts';
import type { Texts } from './texts/texts.ts';
import { usageFailure } from './usage-failure.ts';

/** What `push` was given besides the image, each already in its right form. */
export type PushOptions = {
  readonly from?: string;
  /** A path, or `-` for standard input. */
  readonly archive?: string;
  readonly target?: readonly string[];
  readonly platform?: readonly string[];
  readonly label?: readonly Label[];
  readonly referrers: boolean;
  readonly priority?: string;
  readonly deadline?: string;
  readonly idempotencyKey?: string;
  readonly wait: boolean;
  readonly timeout?: number;
};

export type Label = readonly [key: string, value: string];

const PRIORITIES = ['urgent', 'normal', 'backfill'];
const LARGEST_LIMIT = 100_000;

/** `commit=1a2b3c` → key and value. Throws `validation_failed`. */
export function parseLabel(text: string, texts: Texts): Label {
  const equals = text.indexOf('=');
  if (equals < 1) throw usageFailure(texts.usage.label(text));
  return [text.slice(0, equals), text.slice(equals + 1)];
}

export function parsePriority(text: string, texts: Texts): string {
  if (!PRIORITIES.includes(text)) throw usageFailure(texts.usage.priority(text, PRIORITIES.join(', ')));
  return text;
}

/** A duration, or an instant (RFC 3339); either way as it was written. Throws `validation_failed`. */
export function parseDeadline(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}T/.test(text) || Number.isNaN(Date.parse(text))) parseDuration(text);
  return text;
}

export function parseLimit(text: string, texts: Texts): number {
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > LARGEST_LIMIT) throw usageFailure(texts.usage.limit(text));
  return limit;
}
