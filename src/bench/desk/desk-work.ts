import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';

/** A download that an agent is to take. */
export type DownloadWork = {
  /** That of its sample. */
  readonly id: string;
  readonly campaign: string;
  readonly round: string;
  readonly site: string;
  readonly registry: string;
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly payloadBytes: number;
  /** How long round trips without load are probed first; null for the agent's own time. */
  readonly idleMs: number | null;
  /** What has not ended by then has failed. */
  readonly patienceMs: number;
};

/**
 * `open` until an agent takes it; `given` until its sample is here (`done`), or until nobody waits for it any longer
 * (`lapsed`). The sample of a work that lapsed after it was given is welcome still.
 */
export type WorkState = 'open' | 'given' | 'lapsed' | 'done';

/** Work as the desk has it. Instants are milliseconds since the epoch. */
export type DeskWork = DownloadWork & {
  readonly state: WorkState;
  readonly putAt: number;
  /** Which agent took it; null while none has. */
  readonly givenTo: string | null;
};

/** An agent as the service knows it. */
export type SeenAgent = {
  readonly name: string;
  readonly site: string;
  readonly seenAt: number;
  /** How far the agent's clock is behind the service's, as it says; null while it has not said. */
  readonly clockOffsetMs: number | null;
};
