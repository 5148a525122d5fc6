import { Failure, isFailure, type Side } from '../../kernel/failure.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Manifest } from '../../oci/manifest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Tag } from '../../oci/tag.ts';
import type { BlobBody, RegistryClient } from '../../registry/registry-client.ts';

export type WantedRange = { readonly offset: number; readonly end?: number };

/** Where the content of an image may be read from. What is not there is undefined, not a failure. */
export type BlobOrigin = {
  /** For messages: `harbor.bj/team/app`. */
  readonly label: string;
  getManifest(reference: Digest | Tag, signal: AbortSignal): Promise<Manifest | undefined>;
  /** From an offset on, to its end or another byte's; `startsAt` is 0 where ranges are ignored. */
  openBlob(digest: Digest, range: WantedRange, signal: AbortSignal): Promise<BlobBody | undefined>;
  listReferrers(digest: Digest, signal: AbortSignal): Promise<readonly Descriptor[]>;
};

/** A repository of a registry as the origin of an image. */
export function registryOrigin(label: string, client: RegistryClient, repository: RepositoryName): BlobOrigin {
  return {
    label,
    getManifest: (reference, signal) =>
      atSide('source', 'manifest read', () => client.getManifest(repository, reference, { signal })),
    openBlob: (digest, { offset, end }, signal) =>
      atSide('source', 'blob read', () =>
        client.openBlob(repository, digest, {
          offset,
          signal,
          ...(end === undefined ? {} : { endInclusive: end - 1 }),
        }),
      ),
    listReferrers: (digest, signal) =>
      atSide(
        'source',
        'referrers read',
        async () => (await client.listReferrers(repository, digest, { signal })).referrers,
      ),
  };
}

/** Several origins as one: what the first does not have, or cannot give, the next is asked for. */
export function originChain(origins: readonly BlobOrigin[]): BlobOrigin {
  async function first<T>(ask: (origin: BlobOrigin) => Promise<T | undefined>): Promise<T | undefined> {
    let failure: unknown;
    for (const origin of origins) {
      try {
        const answer = await ask(origin);
        if (answer !== undefined) return answer;
      } catch (error) {
        if (!isFailure(error) || isFailure(error, 'cancelled')) throw error;
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return undefined;
  }
  return {
    label: origins.map((origin) => origin.label).join(', '),
    getManifest: (reference, signal) => first((origin) => origin.getManifest(reference, signal)),
    openBlob: (digest, range, signal) => first((origin) => origin.openBlob(digest, range, signal)),
    listReferrers: async (digest, signal) => (await first((origin) => origin.listReferrers(digest, signal))) ?? [],
  };
}

/** Does something on behalf of one side, so that its failures say which side and step they belong to. */
export async function atSide<T>(side: Side, step: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Failure && error.details.side === undefined) throw error.with({ side, step });
    throw error;
  }
}
