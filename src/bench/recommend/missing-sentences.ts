import { percentText } from '../../kernel/figure-text.ts';
import { SUSPECT_LOAD } from '../probes/local-load.ts';
import type { Shortfall } from './coverage.ts';
import type { RankedRegistry, Recommendation } from './recommendation.ts';

/**
 * What a real decision still needs, registry by registry; those that lack the same are told together. Then what does not
 * count although it was measured, and what to do about that.
 */
export function missingSentences({ ranked, site }: Pick<Recommendation, 'ranked' | 'site'>): readonly string[] {
  const byText = new Map<string, string[]>();
  for (const { registry, coverage } of ranked) {
    if (coverage.missing.length === 0) continue;
    const text = coverage.missing.map(shortfallText).join(', ');
    byText.set(text, [...(byText.get(text) ?? []), registry]);
  }
  const shortfalls = [...byText].map(([text, registries]) => `${registries.toSorted().join(', ')}: ${text}`);
  return [...shortfalls, ...busySentence(ranked, site)];
}

/** Of the registries that lack something: elsewhere nobody misses the rounds. */
function busySentence(ranked: readonly RankedRegistry[], site: string): string[] {
  const lacking = ranked.filter(({ coverage: { busy, missing } }) => missing.length > 0 && busy.rounds > 0);
  if (lacking.length === 0) return [];
  const counts = lacking
    .toSorted((a, b) => (a.registry < b.registry ? -1 : 1))
    .map(({ registry, coverage: { busy } }) => `${busy.rounds} of ${registry}`);
  const legs = new Set(lacking.flatMap(({ coverage: { busy } }) => busy.legs));
  const machines = [
    legs.has('upload') ? "the service's machine" : [],
    legs.has('download') ? `the machine of the agent at ${site}` : [],
  ].flat();
  return [
    `rounds left out because ${machines.join(' or ')} was busy (more than ${percentText(SUSPECT_LOAD)} of its processors) while it measured: ${counts.join(', ')}. Give it less to do beside, or measure at hours when it has less (measuring.schedules, measuring.quietHours)`,
  ];
}

function shortfallText({ what, have, need }: Shortfall): string {
  if (what === 'samples') return `${have} of ${need} rounds`;
  if (what === 'days') return `${have} of ${need} days`;
  if (what === 'hoursOfDay') return `${have} of ${need} hours of the day`;
  return have === null
    ? `no round within the last ${need} h`
    : `the newest round is ${Math.round(have)} h old, not within ${need} h`;
}
