import { describe, expect, test } from 'vitest';
import { recommend } from '../../../src/bench/recommend/recommend.ts';
import { buildReport } from '../../../src/bench/report/build-report.ts';
import { foldIntoHours } from '../../../src/bench/report/hour-row.ts';
import { registryColors } from '../../../src/bench/report/page/registry-colors.ts';
import { reportPage } from '../../../src/bench/report/page/report-page.ts';
import { stabilityChart } from '../../../src/bench/report/page/stability-chart.ts';
import { questionAbout } from '../recommend/recommend-question.ts';
import { BORDER, simulate } from '../recommend/simulated-weeks.ts';
import { hourSource } from './hour-source.ts';
import { reportSamples } from './report-samples.ts';

const hoursOf = (samples: Parameters<typeof foldIntoHours>[0]) => hourSource(foldIntoHours(samples));

const registries = Object.keys(BORDER);
const recommendation = recommend(questionAbout(simulate({ profiles: BORDER, days: 1, roundsPerDay: 6, seed: 1 })));
const rows = hoursOf(reportSamples({ count: 4_000, hours: 48, registries }));
const question = { campaign: 'bench_1', timeZone: 'Asia/Shanghai', referenceBytes: 150e6, recommendation };
const page = reportPage(buildReport(rows, question));

describe('the page', () => {
  test('stands alone: no script, nothing fetched', () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\son\w+=|https?:/i);
  });

  test('is well-formed, with a chart of each kind for each leg', () => {
    const opened = [...page.matchAll(/<(\w+)(?:\s[^>]*)?>/g)].map(([tag, name]) => (tag.endsWith('/>') ? '' : name));
    for (const name of ['svg', 'div', 'section', 'table', 'tr', 'td', 'text', 'rect'])
      expect(opened.filter((tag) => tag === name).length).toBe(page.split(`</${name}>`).length - 1);
    const labels = [...page.matchAll(/<svg [^>]*aria-label="([^"]*)"/g)].map(([, label]) => label);
    expect(labels.filter((label) => label?.endsWith('cumulative distribution of times'))).toHaveLength(2);
    expect(labels.filter((label) => label?.endsWith('times by hour of the day'))).toHaveLength(2);
    expect(labels.filter((label) => label?.endsWith('round trips, idle and loaded'))).toHaveLength(2);
    expect(labels.filter((label) => label?.endsWith('goodput over time'))).toHaveLength(2 * registries.length);
    expect(labels.filter((label) => label === 'stability and speed of each registry')).toHaveLength(1);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('no label of a registry lies over the mark of another', () => {
    const [best] = recommendation.ranked.filter(({ figures }) => figures !== null);
    const figures = best?.figures;
    if (best === undefined || figures == null) throw new Error('nothing was measured');
    const near = { ...best, registry: 'near', figures: { ...figures, stabilityIndex: figures.stabilityIndex * 1.3 } };
    const colors = registryColors([best.registry, near.registry]);
    const chart = stabilityChart({ ...recommendation, ranked: [best, near] }, colors) ?? '';
    const marks = [...chart.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);
    const labels = [...chart.matchAll(/x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)" class="mark">([^<]*)</g)];
    expect([marks.length, labels.length]).toEqual([2, 2]);
    for (const [, at, y, anchor, words = ''] of labels) {
      const from = anchor === 'start' ? Number(at) : Number(at) - words.length * 5.5;
      const over = marks.filter(
        ([cx = 0, cy = 0]) => Math.abs(cy + 3.5 - Number(y)) < 9 && cx > from - 6 && cx < from + words.length * 5.5 + 6,
      );
      expect(over, words).toEqual([]);
    }
  });

  test('is headed provisional, and says what is missing', () => {
    expect(page).toContain('Provisional: ');
    expect(page).toContain('A decision still needs more:');
    expect(page).toContain('6 of 60 rounds');
  });

  test('takes names for text, whatever they are', () => {
    const name = '<b onclick=x>"&';
    const odd = buildReport(hoursOf(reportSamples({ count: 40, hours: 1, registries: [name] })), {
      ...question,
      campaign: '</title><script>',
      recommendation: null,
    });
    expect(reportPage(odd)).not.toMatch(/<b |<script/);
  });

  test('can be about nothing, one sample, or failures alone', () => {
    const one = reportSamples({ count: 1, hours: 1 });
    const failed = reportSamples({ count: 30, hours: 3 }).map((sample) => ({
      ...sample,
      ok: false,
      rate: null,
      idleMs: null,
      loadedMs: null,
    }));
    for (const samples of [[], one, failed])
      expect(reportPage(buildReport(hoursOf(samples), { ...question, recommendation: null }))).not.toMatch(
        /NaN|Infinity/,
      );
  });
});
