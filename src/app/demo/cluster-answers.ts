import type { Resolve } from '../../api/schema/resolve-schema.ts';
import type { DemoApi } from './demo-api.ts';
import { demoTexts as texts } from './demo-texts.ts';

const CLUSTERS = ['cn-prod', 'us-east-prod'] as const;

/** What resolve says to each cluster of the demo. */
export type ClusterAnswers = Record<(typeof CLUSTERS)[number], Resolve>;

export async function resolveAll(api: DemoApi, image: string): Promise<ClusterAnswers> {
  const [cn, us] = await Promise.all([api.resolve(image, 'cn-prod'), api.resolve(image, 'us-east-prod')]);
  return { 'cn-prod': cn, 'us-east-prod': us };
}

/** A line for each of them. */
export function answerTexts(answers: ClusterAnswers): readonly string[] {
  return CLUSTERS.map((cluster) => {
    const { reference, registry, state } = answers[cluster];
    return texts.answer(cluster, reference, registry, state);
  });
}
