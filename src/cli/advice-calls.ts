import { type RecommendationAnswer, type ReportAnswer, recommendationSchema, reportSchema } from './advice-schema.ts';
import { read } from './api-calls.ts';
import type { ApiClient } from './api-client.ts';

type Query = readonly (readonly [string, string])[];

export type RecommendationQuestion = {
  readonly site?: string;
  readonly image?: string;
  readonly pattern?: string;
  readonly size?: string;
};

export async function getRecommendation(
  client: ApiClient,
  question: RecommendationQuestion,
): Promise<RecommendationAnswer> {
  const query = toQuery(question);
  return read(recommendationSchema, await client.request({ method: 'GET', path: '/v1/recommendation', query }));
}

export type ReportQuestion = { readonly site?: string; readonly payload?: string; readonly window?: string };

/** The report as values; undefined as the benchmark is everything that was measured lately. */
export async function getReport(
  client: ApiClient,
  benchmark: string | undefined,
  question: ReportQuestion,
): Promise<ReportAnswer> {
  const request = { method: 'GET', path: reportPath(benchmark), query: toQuery(question) } as const;
  return read(reportSchema, await client.request(request));
}

/** The report as the finished text of a format. */
export async function getReportText(
  client: ApiClient,
  benchmark: string | undefined,
  question: ReportQuestion & { readonly format: string },
): Promise<string> {
  return (await client.open({ method: 'GET', path: reportPath(benchmark), query: toQuery(question) })).text();
}

function reportPath(benchmark: string | undefined): string {
  return `/v1/benchmarks/${encodeURIComponent(benchmark ?? 'all')}/report`;
}

function toQuery(question: Readonly<Record<string, string | undefined>>): Query {
  return Object.entries(question).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}
