import type { Report } from '../../bench/report/report.ts';
import { toTimestamp } from '../../kernel/clock.ts';
import type { ReportAnswer } from '../schema/report-schema.ts';
import { presentRecommendation } from './present-recommendation.ts';

export function presentReport(report: Report): ReportAnswer {
  const { campaign, from, until, recommendation, sizes, series, ...rest } = report;
  return {
    benchmark: campaign,
    from: from === null ? null : toTimestamp(from),
    until: until === null ? null : toTimestamp(until),
    ...rest,
    sizes: [...sizes],
    series: series.map(({ flows, overTime, byHour, distribution, ...figures }) => ({
      ...figures,
      flows: { ...flows, at: flows.at === null ? null : toTimestamp(flows.at) },
      overTime: overTime.map((point) => ({ ...point, at: toTimestamp(point.at) })),
      byHour: [...byHour],
      distribution: [...distribution],
    })),
    recommendation: recommendation === null ? null : presentRecommendation(recommendation, null),
  };
}
