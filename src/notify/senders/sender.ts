import type { Clock } from '../../kernel/clock.ts';
import type { Secret } from '../../kernel/secret.ts';
import type { HttpClient } from '../../net/http-client.ts';
import type { SecretReference } from '../../regions/world.ts';
import type { Delivery } from '../delivery.ts';

/** Brings one notice to one receiver; throws a `Failure` when it was not taken. */
export type Sender = {
  send(delivery: Pick<Delivery, 'id' | 'event' | 'notice' | 'createdAt'>, signal: AbortSignal): Promise<void>;
};

export type SenderDependencies = {
  readonly http: HttpClient;
  readonly readSecret: (reference: SecretReference) => Promise<Secret>;
  readonly clock: Clock;
};
