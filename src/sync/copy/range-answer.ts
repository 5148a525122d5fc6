import { isFailure } from '../../kernel/failure.ts';
import type { BlobBody } from '../../registry/registry-client.ts';
import type { WantedRange } from './blob-origin.ts';

/** What the source does with ranges cannot be trusted: the blob has to be read over one connection, from the front. */
export class RangesUnusable extends Error {}

/** Is it the part that was wanted, or the beginning of it? */
export function isRangeUsable(answer: BlobBody, wanted: WantedRange, sizeBytes: number): boolean {
  return (
    answer.endsAt !== undefined &&
    answer.startsAt === wanted.offset &&
    answer.endsAt <= (wanted.end ?? sizeBytes) &&
    (answer.sizeBytes ?? sizeBytes) === sizeBytes
  );
}

/** A 416, or a 206 with other bytes than were asked for. */
export function isRangeTrouble(error: unknown): boolean {
  return isFailure(error, 'range_refused') || (isFailure(error, 'remote_unexpected') && error.details.status === 206);
}
