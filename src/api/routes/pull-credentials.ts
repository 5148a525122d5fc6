import type { ApiServices } from '../api-services.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { presentPullCredentials } from '../present/present-pull-credentials.ts';
import type { ApiApp } from '../request-context.ts';
import { clusterParams, pullCredentialsSchema } from '../schema/pull-credentials-schema.ts';

/** What a cluster authenticates with when it pulls. */
export function mountPullCredentials(app: ApiApp, { pullCredentials }: Pick<ApiServices, 'pullCredentials'>): void {
  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/clusters/{name}/pull-credentials',
      operationId: 'getPullCredentials',
      permission: 'credentials.mint',
      audit: 'credentials.mint',
      tag: 'world',
      summary: 'Credentials with which a cluster may pull, as a dockerconfigjson',
      description:
        "Made from each registry's pullCredentials, an identity that may only pull. Patch them into the same imagePullSecret before expiresAt.",
      params: clusterParams,
      answers: { 200: jsonAnswer('The credentials', pullCredentialsSchema) },
      failures: ['validation_failed', 'cluster_unknown', 'remote_denied', 'secret_missing'],
    },
    async (c, { params: { name } }) => {
      const answer = presentPullCredentials(name, await pullCredentials.forCluster(name));
      c.header('cache-control', 'no-store');
      return c.json(answer);
    },
    ({ params: { name } }) => ({ cluster: name }),
  );
}
