import type { Clock } from '../../kernel/clock.ts';
import { RateBucket } from './rate-bucket.ts';

/**
 * What ECR lets an account do in a region, in requests a second; its /v2/ door counts as the same actions.
 * Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html, 2026-11-23.
 */
const QUOTAS = {
  BatchCheckLayerAvailability: 1_000,
  BatchGetImage: 2_000,
  CompleteLayerUpload: 100,
  GetAuthorizationToken: 500,
  GetDownloadUrlForLayer: 3_000,
  InitiateLayerUpload: 100,
  PutImage: 10,
  UploadLayerPart: 500,
} as const;

export type EcrAction = keyof typeof QUOTAS;

/** One bucket an action, shared by everything that speaks to one account in one region. */
export class EcrRates {
  readonly #buckets: Readonly<Record<EcrAction, RateBucket>>;

  constructor(clock: Clock, changed: Readonly<Record<string, number>> = {}) {
    const bucket = (action: EcrAction) => new RateBucket(changed[action] ?? QUOTAS[action], clock);
    const entries = (Object.keys(QUOTAS) as EcrAction[]).map((action) => [action, bucket(action)] as const);
    this.#buckets = Object.fromEntries(entries) as Record<EcrAction, RateBucket>;
  }

  bucket(action: EcrAction): RateBucket {
    return this.#buckets[action];
  }

  /** Undefined for an action whose quota is not known. */
  find(action: string): RateBucket | undefined {
    return Object.hasOwn(QUOTAS, action) ? this.#buckets[action as EcrAction] : undefined;
  }
}
