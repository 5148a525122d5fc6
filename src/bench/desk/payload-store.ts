import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';

/** A blob at a registry for agents to download. Instants are milliseconds since the epoch. */
export type KeptPayload = {
  readonly id: string;
  readonly registry: string;
  readonly payloadBytes: number;
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** The digest of the manifest that names the blob; registries drop blobs that none names. */
  readonly manifest: Digest;
  readonly usedAt: number;
};

/** Remembers what was left at registries, so that it is used again and in the end removed. */
export type PayloadStore = {
  find(registry: string, payloadBytes: number): Promise<KeptPayload | undefined>;
  all(): Promise<readonly KeptPayload[]>;
  add(payload: KeptPayload): Promise<void>;
  /** Bytes that were moved for one that came to nothing: they count in the budget. */
  noteFailure(attempt: {
    readonly id: string;
    readonly registry: string;
    readonly payloadBytes: number;
    readonly movedBytes: number;
    readonly at: number;
  }): Promise<void>;
  touch(id: string, usedAt: number): Promise<void>;
  /** It is not there any more. */
  drop(id: string): Promise<void>;
};
