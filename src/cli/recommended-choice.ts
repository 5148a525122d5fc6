import { Failure } from '../kernel/failure.ts';
import { getRecommendation } from './advice-calls.ts';
import type { RecommendationAnswer } from './advice-schema.ts';
import type { ApiClient } from './api-client.ts';
import type { Texts } from './texts/texts.ts';

export type RecommendedChoice = { registry: string; reason: string; evidence: RecommendationAnswer };

/**
 * The registry that the measurements advise for an image or a pattern, with all they say as the evidence. Throws
 * `not_recommended` where they advise none, and for provisional advice that was not asked for as such.
 */
export async function getRecommendedChoice(
  client: ApiClient,
  subject: string,
  { site, provisional = false }: { readonly site?: string; readonly provisional?: boolean },
  { choose }: Texts,
): Promise<RecommendedChoice> {
  const image = subject.includes('*') ? { pattern: subject } : { image: subject };
  const evidence = await getRecommendation(client, { ...image, ...(site === undefined ? {} : { site }) });
  const { registry, state, missing, reasons } = evidence;
  if (registry === null)
    throw new Failure('not_recommended', choose.nothingRecommended(evidence.site, reasons[0] ?? ''));
  if (state !== 'recommended' && !provisional)
    throw new Failure('not_recommended', choose.onlyProvisional(registry, missing.join('; ')));
  return { registry, reason: choose.recommendedReason(state === 'recommended', reasons[0] ?? ''), evidence };
}
