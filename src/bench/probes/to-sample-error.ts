import { toFailure } from '../../kernel/failure.ts';
import type { SampleError } from '../sample.ts';

/** What was thrown, as a sample tells it. */
export function toSampleError(thrown: unknown): SampleError {
  const { code, message, details } = toFailure(thrown);
  return { code, step: details.step ?? null, detail: message.slice(0, 500) };
}
