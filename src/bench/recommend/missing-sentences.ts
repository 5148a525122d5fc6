import type { Shortfall } from './coverage.ts';
import type { Recommendation } from './recommendation.ts';

/** What a real decision still needs, registry by registry; those that lack the same are told together. */
export function missingSentences({ ranked }: Pick<Recommendation, 'ranked'>): readonly string[] {
  const byText = new Map<string, string[]>();
  for (const { registry, coverage } of ranked) {
    if (coverage.missing.length === 0) continue;
    const text = coverage.missing.map(shortfallText).join(', ');
    byText.set(text, [...(byText.get(text) ?? []), registry]);
  }
  return [...byText].map(([text, registries]) => `${registries.toSorted().join(', ')}: ${text}`);
}

function shortfallText({ what, have, need }: Shortfall): string {
  if (what === 'samples') return `${have} of ${need} rounds`;
  if (what === 'days') return `${have} of ${need} days`;
  if (what === 'hoursOfDay') return `${have} of ${need} hours of the day`;
  return have === null
    ? `no round within the last ${need} h`
    : `the newest round is ${Math.round(have)} h old, not within ${need} h`;
}
