import { z } from '@hono/zod-openapi';
import { parseDigest } from '../../oci/digest.ts';
import type { ApiServices } from '../api-services.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { getPullingSite } from '../pulling-site.ts';
import type { ApiApp } from '../request-context.ts';
import { usesReportSchema, usesTakenSchema } from '../schema/uses-schema.ts';

/** What clusters resolved at an agent counts as what they resolve here: backfills look at it. */
export function mountAgentUses(app: ApiApp, { world, uses }: Pick<ApiServices, 'world' | 'uses'>): void {
  mountOperation(
    app,
    {
      method: 'post',
      path: '/v1/agents/{name}/uses',
      operationId: 'reportUses',
      permission: 'agent.work',
      // As resolving here, it is nobody's deed.
      audit: 'none',
      tag: 'resolve',
      summary: 'Report what clusters resolved at a site',
      description: 'May be repeated: a use that is known already changes nothing.',
      params: z.strictObject({ name: z.string().min(1).max(128) }),
      body: usesReportSchema,
      answers: { 200: jsonAnswer('How many were taken', usesTakenSchema) },
      failures: ['validation_failed'],
    },
    (c, { body }, caller) => {
      const site = getPullingSite(world, body.site ?? caller.site);
      let taken = 0;
      for (const { cluster, name, digest, at } of body.uses) {
        const isOfSite = world.clusters.some((each) => each.name === cluster && each.site === site);
        if (isOfSite && uses.note({ cluster, name, digest: parseDigest(digest), at: Date.parse(at) })) taken += 1;
      }
      return c.json({ taken });
    },
    ({ body }, caller) => ({ site: getPullingSite(world, body.site ?? caller.site) }),
  );
}
