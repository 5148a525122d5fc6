import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Tag } from '../../oci/tag.ts';
import type { ExpectedTime } from '../estimate/path-run.ts';
import type { Priority, PushRecord, TransferRecord } from './push-record.ts';
import type { IdempotencyKey, Page, Paged, PushFilter } from './push-store.ts';

/** A request to distribute a release, already checked for form. */
export type NewPush = {
  readonly name: RepositoryName;
  readonly tag: Tag;
  /** Registries by name; undefined means the home registries and the relay that the choice names now. */
  readonly targets?: readonly string[];
  readonly platforms?: readonly string[];
  readonly referrers?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly priority?: Priority;
  readonly deadlineMs?: number;
  readonly idempotency?: IdempotencyKey;
  /** Of the call that asks for it, to find both in the log. */
  readonly requestId?: string | undefined;
};

/** A push with its legs, as they are this instant. */
export type LivePush = { readonly push: PushRecord; readonly transfers: readonly LiveTransfer[] };

export type LiveTransfer = TransferRecord & {
  /** Bytes per second lately; null while nothing moves. */
  readonly rate: number | null;
  /** The time until it is placed; null where it is final, or waits for another attempt: nobody knows how that ends. */
  readonly expected: ExpectedTime | null;
  /** When the leg is expected to be placed, milliseconds since the epoch; null while that cannot be said. */
  readonly expectedAt: number | null;
};

/** What can be asked of pushes. Answers are durable when they are given. */
export type Pushes = {
  /** Records a push from `KEY/name[:tag|@digest]`. Throws `source_unknown`, `source_not_found`, `source_denied`, `registry_unknown`, `idempotency_conflict`. */
  accept(request: NewPush & { source: string }): Promise<LivePush>;
  /** Lands an archive (`docker save` or OCI layout, as a tar stream) whole, then records its push. Throws `archive_invalid`, `body_too_large`, `depot_full`. */
  acceptArchive(request: NewPush, archive: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<LivePush>;
  find(id: string): Promise<LivePush | undefined>;
  /** Newest first. */
  list(filter: PushFilter, page: Page): Promise<Paged<LivePush>>;
  /** The push once it is final, or as it is after `timeoutMs`; undefined when there is no such push. */
  waitUntilFinal(id: string, timeoutMs: number, signal: AbortSignal): Promise<LivePush | undefined>;
  /** Throws `push_unknown`, `already_finished`. */
  cancel(id: string): Promise<LivePush>;
  /** Queues every leg that failed or was cancelled anew, with a new deadline. Throws `push_unknown`, and `already_finished` when nothing is left to do. */
  retry(id: string): Promise<LivePush>;
};
