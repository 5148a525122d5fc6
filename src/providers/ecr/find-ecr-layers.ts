import { isFailure } from '../../kernel/failure.ts';
import type { Digest } from '../../oci/digest.ts';
import type { EcrAccount } from './ecr-accounts.ts';

/** Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchCheckLayerAvailability.html, 2026-11-23. */
const BATCH = 100;

/**
 * Which of these blobs a repository has, asked a hundred at a time. Undefined where this identity may not ask so
 * (`ecr:BatchCheckLayerAvailability` is missing, or the API is out of reach): one by one through the registry it may.
 */
export async function findEcrLayers(
  { api, rates }: Pick<EcrAccount, 'api' | 'rates'>,
  repository: string,
  digests: readonly Digest[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Digest, number> | undefined> {
  const found = new Map<Digest, number>();
  try {
    for (let start = 0; start < digests.length; start += BATCH) {
      await rates.bucket('BatchCheckLayerAvailability').take(signal);
      const layers = await api.findLayers(repository, digests.slice(start, start + BATCH), signal);
      if (layers === undefined) return found;
      for (const [digest, sizeBytes] of layers) found.set(digest, sizeBytes);
    }
    return found;
  } catch (error) {
    if (isFailure(error, 'cancelled')) throw error;
    return undefined;
  }
}
