import type { Notice } from './notice.ts';

export const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** A notice on its way to one receiver. Instants are milliseconds since the epoch. */
export type Delivery = {
  readonly id: string;
  readonly receiver: string;
  readonly event: string;
  readonly notice: Notice;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly createdAt: number;
  readonly nextAttemptAt: number | null;
  readonly deadlineAt: number;
  readonly deliveredAt: number | null;
  readonly lastError: string | null;
};

export type DeliveryChange = Pick<Delivery, 'state' | 'attempts' | 'nextAttemptAt' | 'deliveredAt' | 'lastError'>;

/** A subscription that was made through the API. */
export type StoredSubscription = {
  readonly id: string;
  readonly receiver: string;
  readonly events: readonly string[];
  readonly images: readonly string[];
  readonly createdAt: number;
  readonly createdBy: string;
};
