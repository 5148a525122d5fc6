import type { ReportFormat } from '../../bench/advice.ts';
import type { ApiServices } from '../api-services.ts';
import { mountOperation } from '../operation.ts';
import { prefersType } from '../prefers-text.ts';
import { getPullingSite } from '../pulling-site.ts';
import type { ApiApp } from '../request-context.ts';
import { reportParams, reportQuery, reportSchema } from '../schema/report-schema.ts';

const TYPES: Readonly<Record<ReportFormat, string>> = {
  json: 'application/json; charset=UTF-8',
  csv: 'text/csv; charset=UTF-8; header=present',
  html: 'text/html; charset=UTF-8',
};

/** What was measured, to be read by people, spreadsheets and programs. */
export function mountBenchmarkReport(app: ApiApp, { advice, world }: Pick<ApiServices, 'advice' | 'world'>): void {
  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/benchmarks/{id}/report',
      operationId: 'getBenchmarkReport',
      permission: 'benchmark.read',
      tag: 'benchmarks',
      summary: 'Report a benchmark, or with `all` whatever was measured lately',
      params: reportParams,
      query: reportQuery,
      answers: {
        200: {
          description: 'The report',
          content: {
            'application/json': { schema: reportSchema },
            'text/csv': { schema: { type: 'string' } },
            'text/html': { schema: { type: 'string', description: 'One file with its charts drawn in it' } },
          },
        },
      },
      failures: ['validation_failed', 'benchmark_unknown'],
    },
    async (c, { params: { id }, query: { site, format, payload, window } }) => {
      const wanted = format ?? findFormat(c.req.header('accept'));
      const windowMs = window ?? (id === 'all' ? world.recommendation.windowMs : undefined);
      const text = await advice.report({
        site: getPullingSite(world, site),
        campaign: id === 'all' ? null : id,
        format: wanted,
        ...(payload === undefined ? {} : { payloadBytes: payload }),
        ...(windowMs === undefined ? {} : { windowMs }),
      });
      // The page holds no script; should a name ever get past its escaping, none would run either.
      if (wanted === 'html') c.header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'");
      return c.body(text, 200, { 'content-type': TYPES[wanted], 'x-content-type-options': 'nosniff' });
    },
  );
}

function findFormat(accept: string | undefined): ReportFormat {
  if (prefersType(accept, 'text/html')) return 'html';
  return prefersType(accept, 'text/csv') ? 'csv' : 'json';
}
