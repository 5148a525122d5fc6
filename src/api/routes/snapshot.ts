import { z } from '@hono/zod-openapi';
import { isKnownTag, parseIfNoneMatch } from '../../kernel/if-none-match.ts';
import type { ApiServices, SnapshotSource } from '../api-services.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { getPullingSite } from '../pulling-site.ts';
import { type ApiApp, openRequestSignal } from '../request-context.ts';
import { waitQuery } from '../schema/page-schema.ts';
import { snapshotSchema } from '../schema/snapshot-schema.ts';

const snapshotQuery = z.strictObject({
  site: z.string().min(1).max(128).optional().openapi({ example: 'us-east' }),
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a revision')
    .transform(Number)
    .optional()
    .openapi({ type: 'integer', description: 'The revision that is known already' }),
  ...waitQuery,
});

/** What a site's agent keeps a copy of. */
export function mountSnapshot(app: ApiApp, services: Pick<ApiServices, 'world'> & { snapshots: SnapshotSource }): void {
  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/snapshot',
      operationId: 'getSnapshot',
      permission: 'snapshot.read',
      tag: 'resolve',
      summary: 'Every answer that the clusters of a site would get, signed',
      description:
        'With `after` (or `If-None-Match`) the answer is 304 while that is the revision still; with `wait` it then waits for a newer one. ' +
        'A 304 carries `Entrepot-As-Of`, until when the revision is known to be true, and `Entrepot-Signature` over it.',
      query: snapshotQuery,
      answers: {
        200: jsonAnswer('The snapshot', snapshotSchema, z.object({ etag: z.string() })),
        304: { description: 'Nothing newer' },
      },
      failures: ['validation_failed'],
    },
    async (c, { query }, caller) => {
      const site = getPullingSite(services.world, query.site ?? caller.site);
      const known =
        query.after === undefined ? parseIfNoneMatch(c.req.header('if-none-match')) : new Set([String(query.after)]);
      const isKnown = (revision: number) => isKnownTag(known, String(revision));
      // To whom whatever there is is known, nothing newer can be.
      if (query.wait !== undefined && known !== 'any') {
        const { signal, release } = openRequestSignal(c);
        try {
          await services.snapshots.waitForOther(site, isKnown, query.wait, signal);
        } catch (error) {
          if (!signal.aborted) throw error;
        } finally {
          release();
        }
      }
      const { revision, asOf, confirmation, text } = services.snapshots.get(site, isKnown);
      const headers = { etag: `"${revision}"`, 'cache-control': 'no-cache' };
      if (text === null)
        return c.body(null, 304, { ...headers, 'entrepot-as-of': asOf, 'entrepot-signature': confirmation });
      return c.body(text, 200, { ...headers, 'content-type': 'application/json' });
    },
    ({ query }, caller) => ({ site: getPullingSite(services.world, query.site ?? caller.site) }),
  );
}
