import { ratioText, sizeText } from '../kernel/figure-text.ts';
import type { ReportAnswer } from './advice-schema.ts';
import type { Line } from './line.ts';
import { renderTable } from './table.ts';
import type { Texts } from './texts/texts.ts';

/** What one connection against eight tells of each path; nothing where that was never compared. */
export function renderFlows({ series }: ReportAnswer, { flows: texts, bench }: Texts): Line[] {
  if (series.every(({ flows }) => flows === null || (flows.one === null && flows.eight === null))) return [];
  const rateOf = (run: { readonly rate: number | null } | null) => (run?.rate == null ? '' : `${sizeText(run.rate)}/s`);
  const rows = series.map(({ registry, leg, flows }, at) => [
    series[at - 1]?.registry === registry ? '' : registry,
    bench.legs[leg] ?? leg,
    rateOf(flows?.one ?? null),
    rateOf(flows?.eight ?? null),
    flows?.ratio == null ? '' : ratioText(flows.ratio),
    flows?.sentence ?? '',
  ]);
  const right = (title: string) => ({ title, align: 'right' as const });
  const titles = [
    { title: bench.columns.registry },
    { title: bench.columns.leg },
    right(texts.one),
    right(texts.eight),
    right(texts.ratio),
    { title: texts.verdict },
  ];
  return ['', texts.heading, ...renderTable(titles, rows)];
}
