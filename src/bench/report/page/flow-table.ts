import { ratioText, sizeText } from '../../../kernel/figure-text.ts';
import type { FlowRun } from '../../flow-diagnosis.ts';
import type { Report } from '../report.ts';
import { escapeText } from './svg.ts';

/** The column that tells it in words, which may take several lines. */
const SENTENCE = 6;

/** One connection against eight, a row for each registry and leg; undefined where they were never compared. */
export function flowTable({ series }: Report): string | undefined {
  if (series.every(({ flows }) => flows.one === null && flows.eight === null)) return undefined;
  const titles = ['Registry', 'Leg', 'One', 'Eight', 'Ratio', 'Sent again', 'The path is'];
  const head = titles.map((title, at) => `<th${isLeft(at) ? ' class="left"' : ''}>${title}</th>`);
  const rows = series.map(({ registry, leg, flows: { one, eight, ratio, sentence } }) => {
    const cells = [
      escapeText(registry),
      leg === 'upload' ? 'up' : 'down',
      rateText(one),
      rateText(eight),
      ratio === null ? '–' : ratioText(ratio),
      one === null && eight === null ? '–' : `${sentAgain(one)} / ${sentAgain(eight)}`,
      escapeText(sentence),
    ];
    return `<tr>${cells.map((cell, at) => `<td${isLeft(at) ? ` class="left${at === SENTENCE ? ' sentence' : ''}"` : ''}>${cell}</td>`).join('')}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function isLeft(at: number): boolean {
  return at === 1 || at === SENTENCE;
}

function rateText(run: FlowRun | null): string {
  return run?.rate == null ? '–' : `${sizeText(run.rate)}/s`;
}

function sentAgain(run: FlowRun | null): string {
  return run?.retransmittedBytes == null ? '–' : sizeText(run.retransmittedBytes);
}
