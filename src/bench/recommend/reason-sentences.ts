import { percentText, ratioText, secondsText, sizeText } from '../../kernel/figure-text.ts';
import type { RankedRegistry, Recommendation } from './recommendation.ts';
import type { SwitchReason } from './switch-decision.ts';

type Told = Omit<Recommendation, 'reasons' | 'missing'>;
type Figures = NonNullable<RankedRegistry['figures']>;

/** Why this is recommended, in sentences with their figures; the most important first. */
export function reasonSentences(told: Told): readonly string[] {
  const chosen = told.ranked.find(({ registry }) => registry === told.registry);
  const others = told.ranked.filter((ranked) => ranked !== chosen);
  return [
    ...(chosen === undefined ? [] : describeChosen(chosen, told)),
    ...describeDecision(told),
    ...(told.stableButSlow ? [describeSlow(told)] : []),
    ...others.flatMap((other) => describeOther(other, chosen, told)),
    ...describeUnmeasured(others, told),
  ];
}

function describeChosen({ registry, figures }: RankedRegistry, told: Told): string[] {
  if (figures === null) return [];
  const size = sizeText(told.rule.referenceBytes);
  const times = `${registry} brings ${size} in ${secondsText(figures.p50)} at the median and in ${secondsText(figures.p95)} or less in 95 % of ${pathText(told)}`;
  const index = `${ratioText(figures.stabilityIndex)} times the median`;
  const steadiest = told.ranked.every(
    (other) =>
      other.registry === registry ||
      other.figures === null ||
      other.gate.obstacle !== null ||
      other.verdict === 'few' ||
      other.figures.stabilityIndex >= figures.stabilityIndex,
  );
  const sentences = [`${times}: ${index}${steadiest ? ', the steadiest' : describeNearness(figures, told)}.`];
  const { worstHour, stalled, jitterMs } = figures;
  const further = [
    worstHour === null
      ? []
      : [
          `its worst hour (${clock(worstHour.hour)}, ${told.rule.timeZone}) takes ${ratioText(worstHour.ratio)} times the median`,
        ],
    [`${percentText(stalled.share)} of the rounds stalled`],
    jitterMs === null ? [] : [`jitter is ${ratioText(jitterMs)} ms`],
  ].flat();
  sentences.push(`${capital(further.join(', '))}.`);
  return sentences;
}

/** Why it counts as steady although another one is steadier. */
function describeNearness({ chanceOfStability }: Figures, { rule }: Told): string {
  if (chanceOfStability === null) return '';
  return `, within ${percentText(rule.stabilityBand - 1)} of the steadiest with a probability of ${percentText(chanceOfStability)}`;
}

function describeOther(other: RankedRegistry, chosen: RankedRegistry | undefined, told: Told): string[] {
  const { registry, figures, gate } = other;
  if (figures === null) return [];
  // So the figure differs from that of samples that failed: those that came too late came through.
  const deadline = secondsText(told.rule.deadlineSeconds);
  const failed = `${percentText(1 - gate.success.share)} of its rounds failed or took longer than ${deadline}`;
  const speed = describeSpeed(figures, chosen);
  if (gate.obstacle === 'failures') {
    const least =
      other.coverage.missing.length === 0
        ? ` (success is at least ${percentText(gate.success.low)}, ${percentText(told.rule.success)} is asked for)`
        : '';
    return [`${registry} is out: ${failed}${least}.`];
  }
  if (gate.obstacle === 'ejected')
    return [`${registry} is out for now: three rounds in a row failed lately; ${failed} in all.`];
  if (other.verdict === 'few') return [`${registry} has too few rounds to be compared (${speed}).`];
  const tail = `its slowest 5 % take ${ratioText(figures.stabilityIndex)} times its median or more`;
  const failures = gate.success.share === 1 ? '' : `, and ${failed}`;
  if (other.verdict === 'unsteady') return [`${registry} ${speed}, but ${tail}${failures}.`];
  const also = chosen !== undefined && other.verdict === 'steady' ? ' is steady too and' : '';
  return [`${registry}${also} ${speed}; ${tail}${failures}.`];
}

function describeSpeed({ p50, against }: Figures, chosen: RankedRegistry | undefined): string {
  const takes = `takes ${secondsText(p50)} at the median`;
  if (chosen?.figures == null || against === null) return takes;
  const change = p50 / chosen.figures.p50 - 1;
  const compared =
    Math.abs(change) < 0.005
      ? `as long as ${chosen.registry}`
      : `${percentText(Math.abs(change))} ${change < 0 ? 'less' : 'more'} than ${chosen.registry}`;
  const alike = against.p >= 0.05 ? ' (too close to tell apart)' : '';
  const share = percentText(against.firstIsFaster);
  const rounds = against.pairs === 0 ? `with a probability of ${share}` : `in ${share} of ${against.pairs} rounds`;
  return `${takes}, ${compared}${alike}, and was the faster one ${rounds}`;
}

/** A round counts only where all of its legs were measured: half a way says nothing of the whole. */
function describeUnmeasured(others: readonly RankedRegistry[], { legs }: Told): string[] {
  const names = others.filter(({ figures }) => figures === null).map(({ registry }) => registry);
  if (names.length === 0) return [];
  const were = `${new Intl.ListFormat('en-GB').format(names)} ${names.length === 1 ? 'was' : 'were'} not measured`;
  return [legs.length > 1 ? `${were} both ways (${legs.join(' and ')}) in one round.` : `${were}.`];
}

function describeDecision(told: Told): string[] {
  const { decision, best, incumbent, rule } = told;
  const held = incumbent?.registry ?? '';
  const figure = decision.figure === 'p50' ? 'faster' : 'steadier';
  const wanted = `${percentText(rule.improvement)} ${figure}`;
  const chance = `with a probability of ${percentText(decision.chance ?? 0)}`;
  const texts: Record<SwitchReason, string | null> = {
    'nothing-usable': told.ranked.every(({ figures }) => figures === null)
      ? 'Nothing was measured yet that registries could be compared by.'
      : 'No registry that was measured passes the gate.',
    provisional: 'This is provisional: too little was measured for a decision.',
    'no-incumbent': null,
    'incumbent-wins': `${held} is what is chosen already.`,
    escape: `${held}, which is chosen now, does not pass the gate; move at once.`,
    'incumbent-not-measured': `${held} is chosen now and was not measured enough to be compared with ${best}, so it stays.`,
    'not-better-enough': `${best} does best today, but is at least ${wanted} than ${held} only ${chance} (${percentText(rule.improvementChance)} is asked for), so ${held} stays.`,
    'not-for-a-day': `${best} does best today, but did not a day ago, so ${held} stays until it does on two days in a row.`,
    'cooling-down': `${best} does better, but ${held} was chosen less than ${rule.coolDownMs / 3_600_000} h ago, so it stays for now.`,
    'not-well-for-a-day': `${best} does better, but failed three rounds in a row within the last ${rule.returnAfterMs / 3_600_000} h, so ${held} stays for now.`,
    switch: `${best} is at least ${wanted} than ${held}, which is chosen now, ${chance}, as it was a day ago.`,
  };
  const text = texts[decision.because];
  return text === null ? [] : [text];
}

function describeSlow({ best, ranked, rule }: Told): string {
  const slow = ranked.find(({ registry }) => registry === best)?.figures?.p50 ?? 0;
  const fastest = Math.min(
    ...ranked
      .filter(({ gate, figures }) => gate.obstacle === null && figures !== null)
      .map(({ figures }) => figures?.p50 ?? 0),
  );
  return `${best} is steady but slow: ${secondsText(slow)} at the median, more than ${rule.slowestFactor} times the ${secondsText(fastest)} of the fastest. Look before it is chosen.`;
}

function pathText({ legs }: Told): string {
  return legs.length === 2 ? 'the rounds, up and down together' : `the rounds (${legs.join()} only)`;
}

function clock(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
