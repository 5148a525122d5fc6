import { describe, expect, test } from 'vitest';
import { recommend } from '../../../src/bench/recommend/recommend.ts';
import { buildReport } from '../../../src/bench/report/build-report.ts';
import { foldIntoHours } from '../../../src/bench/report/hour-row.ts';
import { reportPage } from '../../../src/bench/report/page/report-page.ts';
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
