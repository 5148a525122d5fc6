import type { IncomingMessage } from 'node:http';
import type { Digest } from '../../oci/digest.ts';
import type { Manifest } from '../../oci/manifest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Tag } from '../../oci/tag.ts';
import type { Log } from '../../telemetry/log.ts';
import type { RegistryAccess } from './registry-access.ts';
import type { RegistryAnswer } from './registry-answer.ts';
import type { RegistryStorage } from './registry-storage.ts';

/** A manifest that was found good and is about to be kept. */
export type ManifestPut = {
  readonly request: IncomingMessage;
  readonly repository: RepositoryName;
  readonly manifest: Manifest;
  readonly tags: readonly Tag[];
};

export type RegistryOptions = {
  readonly storage: RegistryStorage;
  readonly log?: Log;
  /** Who may do what; everyone everything by default. */
  readonly access?: RegistryAccess;
  /** Keep referrers (the referrers API and `OCI-Subject`)? Default true. */
  readonly referrers?: boolean;
  /** Do repositories come to be by pushing to them? Default true; otherwise an unknown one is `NAME_UNKNOWN`. */
  readonly createRepositories?: boolean;
  /**
   * May a blob be mounted without saying from where? Default true. It spares uploads, and lets whoever knows a
   * blob's digest have it; close it where repositories keep secrets from each other.
   */
  readonly anonymousMounts?: boolean;
  /** The name under which a repository is kept, of one that a client names as the source of a mount. Default: the same. */
  readonly storedName?: (spelt: string) => string;
  /** Announced as `OCI-Chunk-Min-Length`; 0, the default, announces nothing. */
  readonly chunkMinBytes?: number;
  /** Most bytes of descriptors in one page of referrers; the answer stays within what clients read of a manifest. */
  readonly referrersPageBytes?: number;
  /** How long a body may stand still, in or out, before its connection is cut. Default 60 s. */
  readonly stallTimeoutMs?: number;
  /** Where a blob may be fetched instead, as an absolute URL that needs no credentials of ours; asked on each GET. */
  readonly redirectBlob?: (repository: RepositoryName, digest: Digest) => Promise<string | undefined>;
  /** Looks at a manifest before it is kept; an answer refuses it. */
  readonly checkManifest?: (put: ManifestPut) => Promise<RegistryAnswer | undefined>;
  /** Told after a manifest is kept; the headers it returns go into the answer. */
  readonly manifestKept?: (put: ManifestPut) => Promise<Readonly<Record<string, string>>>;
  /** Told of each manifest that was put and of each delete, and of pushes and deletes that were not allowed. */
  readonly changed?: (change: RegistryChange) => Promise<void>;
};

/** Something that was changed at the door, or was to be. */
export type RegistryChange = {
  readonly request: IncomingMessage;
  readonly action: 'push' | 'delete';
  readonly repository: RepositoryName;
  /** The tag or digest; null where none was named yet. */
  readonly reference: string | null;
  /** What it was answered. */
  readonly status: number;
};

/** The options with every default filled in. */
export type RegistrySettings = Required<RegistryOptions>;

/** One request as handlers see it. */
export type RegistryCall = {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly settings: RegistrySettings;
  /** Whether the scope wished for (mounting from another repository) is granted. */
  readonly wishGranted: boolean;
};
