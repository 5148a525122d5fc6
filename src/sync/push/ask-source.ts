import { Failure, isFailure } from '../../kernel/failure.ts';
import type { Digest } from '../../oci/digest.ts';
import { Alarm } from './alarm.ts';
import type { SourceReference } from './push-source.ts';
import type { SyncContext } from './sync-context.ts';

/** How long the source is waited for before a push is accepted without its word. */
const PATIENCE_MS = 10_000;

/**
 * What the source says the reference is, now. A definite refusal is thrown: `source_not_found`, `source_denied`.
 * Silence and passing trouble are not: null, and the push waits for the source.
 */
export async function askSource(context: SyncContext, reference: SourceReference): Promise<Digest | null> {
  const { directory, clock, log } = context;
  const { key, image } = reference;
  const source = directory.source(key);
  if (source === undefined) throw new Failure('source_unknown', `there is no source "${key}"`);
  const asked = image.digest ?? image.tag;
  if (asked === null)
    throw new Failure('validation_failed', `the source ${key}/${image.name} names neither tag nor digest`);
  const what = `${key}/${image.name}${image.digest === null ? `:${image.tag}` : `@${image.digest}`}`;
  const patience = new AbortController();
  const alarm = new Alarm(clock);
  alarm.set(PATIENCE_MS, () =>
    patience.abort(new Failure('timed_out', `asking for ${what}: no answer in ${PATIENCE_MS / 1_000} s`)),
  );
  try {
    const head = await source.client.headManifest(image.name, asked, { signal: patience.signal });
    if (head === undefined)
      throw new Failure('source_not_found', `asking for ${what}: the source does not have it`, { side: 'source' });
    return head.digest;
  } catch (error) {
    if (isFailure(error, 'source_not_found')) throw error;
    if (isFailure(error, 'remote_unauthenticated', 'remote_denied', 'address_forbidden')) {
      throw new Failure('source_denied', `asking for ${what}: ${error.message}`, { side: 'source', cause: error });
    }
    if (isFailure(error, 'remote_not_found', 'remote_repository_unknown')) {
      throw new Failure('source_not_found', `asking for ${what}: ${error.message}`, { side: 'source', cause: error });
    }
    log.warn({
      event: 'source did not answer',
      source: key,
      image: what,
      error: error instanceof Error ? error.message : String(error),
    });
    return null;
  } finally {
    alarm.clear();
  }
}
