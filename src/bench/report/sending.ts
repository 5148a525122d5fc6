import { secondsText, sizeText } from '../../kernel/figure-text.ts';
import type { CampaignMeasurement } from '../measurement-store.ts';
import { isLongEnough } from './judge-flows.ts';
import type { ReportSeries } from './report.ts';

/** How uploads were sent, and what that means for their figures. */
export type Sending = {
  /** By registry, where the system told. */
  readonly congestionControl: Readonly<Record<string, readonly string[]>>;
  readonly sentence: string;
};

/** Algorithms that go by rate and round trips, and not by each loss. Source: Cardwell et al., BBR, ACM Queue 14 (5), 2016. */
const isByRate = (algorithm: string) => algorithm.startsWith('bbr');

/** What each registry's uploads were sent with. */
export function findAlgorithms(
  measurements: readonly Pick<CampaignMeasurement, 'registry' | 'leg' | 'congestionControl'>[],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const { registry, leg, congestionControl } of measurements) {
    if (leg !== 'upload' || congestionControl === null) continue;
    const known = found.get(registry);
    if (known === undefined) found.set(registry, new Set([congestionControl]));
    else known.add(congestionControl);
  }
  return new Map(
    [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([registry, names]) => [registry, [...names].sort()]),
  );
}

/**
 * Why the figures may differ from what somebody saw who tested the same paths with other tools: those send over one
 * connection and, nearly all, with cubic. Null where the system did not tell how uploads were sent.
 */
export function explainSending(
  algorithms: ReadonlyMap<string, readonly string[]>,
  series: readonly ReportSeries[],
  referenceBytes: number,
): Sending | null {
  if (algorithms.size === 0) return null;
  const congestionControl = Object.fromEntries(algorithms);
  const all = [...new Set([...algorithms.values()].flat())].sort();
  const mixed = [...algorithms].filter(([, names]) => names.length > 1).map(([registry]) => registry);
  const byRate = [...algorithms].filter(([, names]) => names.every(isByRate)).map(([registry]) => registry);
  const sentence =
    mixed.length > 0
      ? `Uploads to ${list(mixed)} were sent with ${list(all)}, and their times are mixed: what each alone would say is not known.`
      : byRate.length === 0
        ? `Uploads were sent with ${list(all)}, as most tools send: each lost packet slows a connection down. Where ${RATE_BASED} is allowed, figures and answer may differ.`
        : explainByRate(byRate, algorithms, series, referenceBytes);
  return { congestionControl, sentence };
}

function explainByRate(
  registries: readonly string[],
  algorithms: ReadonlyMap<string, readonly string[]>,
  series: readonly ReportSeries[],
  referenceBytes: number,
): string {
  const names = [...new Set(registries.flatMap((registry) => algorithms.get(registry) ?? []))];
  const whose = registries.length === algorithms.size ? 'Uploads' : `Uploads to ${list(registries)}`;
  const sent = `${whose} were sent with ${list(names)}, which does not slow down at each lost packet as cubic does`;
  const uploads = series.filter(({ registry, leg }) => leg === 'upload' && registries.includes(registry));
  const compared = uploads.flatMap(({ registry, seconds, flows: { one } }) =>
    seconds === null || one === null || !one.rate || !isLongEnough(one)
      ? []
      : [{ registry, here: seconds.p50, alone: referenceBytes / one.rate }],
  );
  if (compared.length === 0) {
    const remedy = uploads.some(({ flows }) => flows.one !== null) ? '' : ' (bench run --flows shows by how much)';
    return `${sent}, with which most tools send over one connection: tests with those find lossy regions slower and less steady than they are here, and may name another${remedy}.`;
  }
  const times = compared.map(
    ({ registry, here, alone }) => `${secondsText(alone)} to ${registry} (here ${secondsText(here)})`,
  );
  const fastestOf = (figure: 'here' | 'alone') => compared.reduce((a, b) => (b[figure] < a[figure] ? b : a)).registry;
  const [here, alone] = [fastestOf('here'), fastestOf('alone')];
  const order =
    compared.length === 1 || here === alone ? '' : `, so that ${alone} would have been the fastest and not ${here}`;
  const differs = compared.some(({ here: sentHere, alone: sentAlone }) => sentAlone > NOTABLE * sentHere);
  const end = differs
    ? 'Tests with such tools may therefore name another region than this report.'
    : 'That does not explain why tests with such tools would name another region.';
  return `${sent}: over one connection with cubic, as most tools send, ${sizeText(referenceBytes)} would have taken ${list(times)} when they were compared last${order}. ${end}`;
}

const RATE_BASED = 'bbr';
/** By so much slower is more than chance. */
const NOTABLE = 1.2;

function list(items: readonly string[]): string {
  return items.length < 2 ? items.join() : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
