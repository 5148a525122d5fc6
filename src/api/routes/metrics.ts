import { z } from '@hono/zod-openapi';
import type { ApiServices } from '../api-services.ts';
import { mountOperation } from '../operation.ts';
import type { ApiApp } from '../request-context.ts';

/** `GET /metrics`, what Prometheus scrapes. */
export function mountMetrics(app: ApiApp, { metrics, world }: Pick<ApiServices, 'metrics' | 'world'>): void {
  mountOperation(
    app,
    {
      method: 'get',
      path: '/metrics',
      operationId: 'getMetrics',
      permission: world.access.metrics === 'open' ? 'open' : 'metrics.read',
      tag: 'operations',
      summary: 'Figures for Prometheus',
      description:
        'In the text format of Prometheus. docs/operation.md lists them. With `access: {metrics: open}` in the configuration nobody is asked for a token.',
      answers: { 200: { description: 'The figures', content: { 'text/plain': { schema: z.string() } } } },
      failures: [],
    },
    async (c) => {
      const { text, contentType } = await metrics.render();
      return c.body(text, 200, { 'content-type': contentType });
    },
  );
}
