import type { Clock } from '../../kernel/clock.ts';
import { isFailure } from '../../kernel/failure.ts';
import { withRetry } from '../../net/retry.ts';
import type { RegistryClient } from '../../registry/registry-client.ts';
import type { EcrAction, EcrRates } from './ecr-rates.ts';

/** Refusals for haste are met here so often before the leg hears of them. */
const ATTEMPTS = 8;
const FIRST_WAIT_MS = 250;

type Step = { readonly action: EcrAction; readonly repeatable: boolean; readonly signal: AbortSignal | undefined };

/**
 * A client that keeps to an account's quotas: each operation waits for its action's turn, and one that is refused for
 * haste waits and is sent again. What carries a stream cannot be sent again here; the upload does that itself.
 * Which operation of the protocol is which action is as the ECR user guide tells of docker's requests.
 * Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html, 2026-11-23.
 */
export function pacedClient(client: RegistryClient, rates: EcrRates, clock: Clock): RegistryClient {
  const attempt = async <T>({ action, signal }: Step, run: () => Promise<T>): Promise<T> => {
    const bucket = rates.bucket(action);
    await bucket.take(signal);
    try {
      return await run();
    } catch (error) {
      if (isFailure(error, 'remote_rate_limited')) bucket.refused(error.details.retryAfterMs);
      throw error;
    }
  };
  const pace = <T>(step: Step, run: () => Promise<T>): Promise<T> => {
    if (!step.repeatable) return attempt(step, run);
    return withRetry(() => attempt(step, run), {
      attempts: ATTEMPTS,
      minMs: FIRST_WAIT_MS,
      clock,
      shouldRetry: (error) => isFailure(error, 'remote_rate_limited'),
      ...(step.signal === undefined ? {} : { signal: step.signal }),
    });
  };
  const step = (action: EcrAction, signal: AbortSignal | undefined, repeatable = true): Step => ({
    action,
    repeatable,
    signal,
  });
  return {
    ...client,
    headManifest: (repository, reference, options) =>
      pace(step('BatchGetImage', options?.signal), () => client.headManifest(repository, reference, options)),
    getManifest: (repository, reference, options) =>
      pace(step('BatchGetImage', options?.signal), () => client.getManifest(repository, reference, options)),
    putManifest: (repository, reference, manifest, options) =>
      pace(step('PutImage', options?.signal), () => client.putManifest(repository, reference, manifest, options)),
    headBlob: (repository, digest, options) =>
      pace(step('BatchCheckLayerAvailability', options?.signal), () => client.headBlob(repository, digest, options)),
    openBlob: (repository, digest, options) =>
      pace(step('GetDownloadUrlForLayer', options?.signal), () => client.openBlob(repository, digest, options)),
    startUpload: (repository, options) =>
      pace(step('InitiateLayerUpload', options?.signal), () => client.startUpload(repository, options)),
    sendChunk: (session, chunk, options) =>
      pace(step('UploadLayerPart', options?.signal, false), () => client.sendChunk(session, chunk, options)),
    finishUpload: (session, digest, last, options) =>
      pace(step('CompleteLayerUpload', options?.signal, false), () =>
        client.finishUpload(session, digest, last, options),
      ),
  };
}
