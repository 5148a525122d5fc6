import type { Report } from '../../bench/report/report.ts';
import { toTimestamp } from '../../kernel/clock.ts';
import type { ReportAnswer } from '../schema/report-schema.ts';
import { presentRecommendation } from './present-recommendation.ts';

export function presentReport(report: Report): ReportAnswer {
  const { campaign, from, until, recommendation, sizes, series, sending, ...rest } = report;
  return {
    benchmark: campaign,
    from: from === null ? null : toTimestamp(from),
    until: until === null ? null : toTimestamp(until),
    ...rest,
    sending: sending === null ? null : { ...sending, congestionControl: copyLists(sending.congestionControl) },
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

function copyLists(lists: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, [...list]]));
}
