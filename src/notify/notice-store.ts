import type { Delivery, DeliveryChange, DeliveryState, StoredSubscription } from './delivery.ts';
import type { Trouble } from './notice.ts';

export type DeliveryFilter = { readonly receiver?: string; readonly state?: DeliveryState };

/** That something was told or heard of, and when. */
export type NoticeMark = { readonly key: string; readonly at: number };

/** What notifications need remembered. */
export type NoticeStore = {
  troubles(): Promise<readonly Trouble[]>;
  /** At once: the trouble as it is now (null forgets it), what has to be delivered, and a mark that it was told. */
  recordNotice(
    key: string | null,
    trouble: Trouble | null,
    deliveries: readonly Delivery[],
    mark?: NoticeMark,
  ): Promise<void>;
  isMarked(key: string): Promise<boolean>;
  /** Replaces the mark of that key. */
  mark(key: string, at: number): Promise<void>;
  /** Those whose key begins so. */
  marks(prefix: string): Promise<readonly NoticeMark[]>;
  /** Forgets those whose key begins so and that are older. */
  pruneMarks(prefix: string, beforeMs: number): Promise<void>;
  /** The pending delivery of a receiver whose turn comes first. */
  nextDelivery(receiver: string): Promise<Delivery | undefined>;
  changeDelivery(id: string, change: DeliveryChange): Promise<void>;
  /** Newest first. */
  listDeliveries(
    filter: DeliveryFilter,
    page: { limit: number; cursor?: string },
  ): Promise<{ items: readonly Delivery[]; next: string | null }>;
  subscriptions(): Promise<readonly StoredSubscription[]>;
  addSubscription(subscription: StoredSubscription): Promise<void>;
  /** The one that is gone now; undefined where there was none. */
  removeSubscription(id: string): Promise<StoredSubscription | undefined>;
};
