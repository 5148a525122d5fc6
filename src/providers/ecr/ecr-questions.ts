import type { Clock } from '../../kernel/clock.ts';
import { isFailure } from '../../kernel/failure.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ManifestReference } from '../../registry/registry-client.ts';
import type { EcrApi } from './ecr-api.ts';
import { SharedQuestions } from './shared-questions.ts';

/**
 * What ECR's API answers for many blobs or manifests at once, shared by all legs of an account. Both are undefined where
 * this identity may not ask so (`ecr:BatchCheckLayerAvailability`, `ecr:BatchGetImage`), or the API is out of reach:
 * one by one through the registry it may.
 */
export type EcrQuestions = {
  /** Which of these layers a repository has, with their sizes. */
  findBlobs(
    repository: string,
    digests: readonly Digest[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<Digest, number> | undefined>;
  /** The bytes of the manifests that these references name. */
  findManifests(
    repository: string,
    references: readonly ManifestReference[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<ManifestReference, Uint8Array> | undefined>;
};

export function openEcrQuestions(api: Pick<EcrApi, 'findLayers' | 'findImages'>, clock: Clock): EcrQuestions {
  const layers = new SharedQuestions<Digest, number>(
    (repository, digests) => unlessOutOfReach(() => api.findLayers(repository, digests)),
    clock,
  );
  const images = new SharedQuestions<ManifestReference, Uint8Array>(
    (repository, references) => unlessOutOfReach(() => api.findImages(repository, references)),
    clock,
  );
  return {
    findBlobs: (repository, digests, signal) => layers.ask(repository, digests, signal),
    findManifests: (repository, references, signal) => images.ask(repository, references, signal),
  };
}

async function unlessOutOfReach<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!isFailure(error)) throw error;
    return undefined;
  }
}
