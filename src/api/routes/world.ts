import { z } from '@hono/zod-openapi';
import type { ApiServices } from '../api-services.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { pageValues } from '../page-values.ts';
import { presentRegistry } from '../present/present-registry.ts';
import type { ApiApp } from '../request-context.ts';
import { pageQuery } from '../schema/page-schema.ts';
import {
  type Cluster,
  clusterPageSchema,
  type Depot,
  depotSchema,
  registryPageSchema,
} from '../schema/world-schema.ts';

type Services = Pick<ApiServices, 'world' | 'health' | 'depot'>;

/** The configured world with its health, and the depot. */
export function mountWorld(app: ApiApp, { world, health, depot }: Services): void {
  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/registries',
      operationId: 'listRegistries',
      permission: 'world.read',
      tag: 'world',
      summary: 'List the registries with their health, in the order of the configuration',
      query: z.strictObject(pageQuery),
      answers: { 200: jsonAnswer('A page of registries', registryPageSchema) },
      failures: ['validation_failed'],
    },
    (c, { query: { limit, cursor } }) => {
      const page = pageValues(world.registries, ({ name }) => name, {
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      const seen = health.registries();
      return c.json({
        items: page.items.map((registry) => presentRegistry(registry, seen.get(registry.name))),
        next: page.next,
      });
    },
  );

  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/clusters',
      operationId: 'listClusters',
      permission: 'world.read',
      tag: 'world',
      summary: 'List the clusters',
      query: z.strictObject(pageQuery),
      answers: { 200: jsonAnswer('A page of clusters', clusterPageSchema) },
      failures: ['validation_failed'],
    },
    (c, { query: { limit, cursor } }) => {
      const page = pageValues(world.clusters, ({ name }) => name, {
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      const items: Cluster[] = page.items.map(({ name, site, pulls }) => ({ name, site, pulls }));
      return c.json({ items, next: page.next });
    },
  );

  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/depot',
      operationId: 'getDepot',
      permission: 'world.read',
      tag: 'world',
      summary: 'How full the depot is',
      answers: { 200: jsonAnswer('The depot', depotSchema) },
      failures: [],
    },
    async (c) => {
      const { limitBytes, usedBytes, landingBytes, pinnedBytes, blobs } = await depot.usage();
      const answer: Depot = { limitBytes, usedBytes, landingBytes, pinnedBytes, blobs };
      return c.json(answer);
    },
  );
}
