import type { ApiServices } from '../api-services.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { presentRecommendation } from '../present/present-recommendation.ts';
import { getPullingSite } from '../pulling-site.ts';
import type { ApiApp } from '../request-context.ts';
import { recommendationQuery, recommendationSchema } from '../schema/recommendation-schema.ts';

/** Which relay the measurements advise. */
export function mountRecommendation(app: ApiApp, { advice, world }: Pick<ApiServices, 'advice' | 'world'>): void {
  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/recommendation',
      operationId: 'getRecommendation',
      permission: 'benchmark.read',
      tag: 'benchmarks',
      summary: 'The relays in the order that the measurements suggest, with reasons',
      description:
        'Stability first, then efficiency, over the whole path from CI to the clusters. It advises; a choice decides.',
      query: recommendationQuery,
      answers: { 200: jsonAnswer('The recommendation as of now', recommendationSchema) },
      failures: ['validation_failed'],
    },
    async (c, { query: { site, image = null, pattern = null, size = null } }) => {
      const recommendation = await advice.recommend({
        site: getPullingSite(world, site),
        image,
        pattern,
        referenceBytes: size,
      });
      return c.json(presentRecommendation(recommendation, image));
    },
  );
}
