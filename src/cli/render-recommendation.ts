import { percentText, ratioText, secondsText, sizeText } from '../kernel/figure-text.ts';
import type { RecommendationAnswer } from './advice-schema.ts';
import type { Line, Tone } from './line.ts';
import { renderTable } from './table.ts';
import type { Texts } from './texts/texts.ts';

const TONES: Readonly<Record<string, Tone>> = { recommended: 'good', provisional: 'waiting', none: 'bad' };

/** What is recommended, why, and what a decision still needs. */
export function renderVerdict(answer: RecommendationAnswer, { bench }: Texts): Line[] {
  const { state, registry, site, confidence, reasons, missing } = answer;
  const heading =
    registry === null
      ? bench.nothingRecommended(site)
      : state === 'provisional'
        ? bench.provisional(site, registry, confidence)
        : bench.recommended(site, registry, confidence);
  return [
    [{ text: heading, tone: TONES[state] ?? 'strong' }],
    ...reasons.map((reason) => `  ${reason}`),
    ...(missing.length === 0 ? [] : [bench.missing, ...missing.map((text) => `  ${text}`)]),
  ];
}

/** Every registry, best first. */
export function renderRanking({ ranked, referenceBytes }: RecommendationAnswer, { bench }: Texts): Line[] {
  const { columns } = bench;
  const titles = [
    { title: columns.registry },
    { title: columns.rounds, align: 'right' as const },
    { title: columns.takes(sizeText(referenceBytes)), align: 'right' as const },
    { title: columns.within, align: 'right' as const },
    { title: columns.index, align: 'right' as const },
    { title: columns.succeeded, align: 'right' as const },
    { title: columns.verdict },
  ];
  const rows = ranked.map(({ registry, verdict, samples, busyRounds, success, figures }) => [
    registry,
    bench.rounds(samples, busyRounds),
    figures === null ? '' : secondsText(figures.p50),
    figures === null ? '' : secondsText(figures.p95),
    figures === null ? '' : ratioText(figures.stabilityIndex),
    figures === null ? '' : percentText(success.share),
    verdictCell(verdict, bench),
  ]);
  return renderTable(titles, rows);
}

export function verdictCell(verdict: string, { verdicts }: Texts['bench']) {
  const text = verdicts[verdict] ?? verdict;
  return verdict === 'recommended' ? ({ text, tone: 'good' } as const) : text;
}
