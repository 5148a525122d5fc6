import type { Figures } from './contest.ts';
import type { RuleSettings } from './rule-settings.ts';
import type { Standing } from './standing.ts';

/** The registry in force, and since when; null for one that was always there. */
export type Incumbent = { readonly registry: string; readonly since: number | null };

export type SwitchDecision = {
  /** What is recommended; null where nothing can be. */
  readonly registry: string | null;
  readonly because: SwitchReason;
  /** The figure that decides between the incumbent and the winner, where both are in the contest. */
  readonly figure: keyof Figures | null;
  /** How probable the improvement is, now. */
  readonly chance: number | null;
};

export type SwitchReason =
  /** Nothing passed the gate. */
  | 'nothing-usable'
  /** Too little was measured to keep or to switch anything. */
  | 'provisional'
  | 'no-incumbent'
  | 'incumbent-wins'
  /** The incumbent fails the gate. */
  | 'escape'
  /** The incumbent was not measured enough to be compared. */
  | 'incumbent-not-measured'
  | 'not-better-enough'
  | 'not-for-a-day'
  | 'cooling-down'
  | 'not-well-for-a-day'
  | 'switch';

const DAY = 24 * 3_600_000;

/**
 * Stages 4 and 5: does the winner of today take over from the incumbent? The first row that applies decides.
 *
 * | when | recommended | because |
 * |---|---|---|
 * | nothing passed the gate | nothing | nothing-usable |
 * | nobody has enough rounds | the winner | provisional |
 * | nothing is in force, or what is in force is no candidate | the winner | no-incumbent |
 * | the incumbent wins | the incumbent | incumbent-wins |
 * | the incumbent fails the gate | the winner, or the next that was well for a day | escape |
 * | the incumbent was not measured enough | the incumbent | incumbent-not-measured |
 * | an improvement by 15 % is less probable than 95 % | the incumbent | not-better-enough |
 * | the same was not so a day ago | the incumbent | not-for-a-day |
 * | the last change was less than 72 h ago | the incumbent | cooling-down |
 * | the winner was ejected within the last day | the incumbent | not-well-for-a-day |
 * | else | the winner | switch |
 *
 * The improvement is in the figure for which the incumbent did not win: the stability index where it is not steady
 * enough, else the median.
 */
export function decideSwitch(
  today: Standing,
  findYesterday: () => Standing,
  incumbent: Incumbent | null,
  rule: Pick<RuleSettings, 'improvement' | 'improvementChance' | 'coolDownMs' | 'returnAfterMs'>,
): SwitchDecision {
  const winner = today.contest.winner();
  const decide = (registry: string | null, because: SwitchReason): SwitchDecision => ({
    registry,
    because,
    figure: null,
    chance: null,
  });
  if (winner === undefined) return decide(null, 'nothing-usable');
  if (!today.isFounded) return decide(winner, 'provisional');
  const held = today.candidates.find(({ registry }) => registry === incumbent?.registry);
  if (incumbent === null || held === undefined) return decide(winner, 'no-incumbent');
  if (held.registry === winner) return decide(winner, 'incumbent-wins');
  if (held.observations.length > 0 && held.gate.obstacle !== null)
    return decide(findRefuge(today, winner, rule.returnAfterMs), 'escape');
  if (!today.contestants.includes(held.registry)) return decide(held.registry, 'incumbent-not-measured');

  const now = findImprovement(today, winner, held.registry, rule.improvement);
  const hold = (because: SwitchReason) => ({ registry: held.registry, because, ...now });
  if (now.chance < rule.improvementChance) return hold('not-better-enough');
  const yesterday = findYesterday();
  const before = findImprovement(yesterday, winner, held.registry, rule.improvement);
  if (yesterday.contest.winner() !== winner || before.chance < rule.improvementChance) return hold('not-for-a-day');
  if (incumbent.since !== null && today.at - incumbent.since < rule.coolDownMs) return hold('cooling-down');
  if (!wasWell(today, winner, rule.returnAfterMs)) return hold('not-well-for-a-day');
  return { registry: winner, because: 'switch', ...now };
}

function findImprovement(standing: Standing, winner: string, held: string, improvement: number) {
  const figure: keyof Figures = standing.contest.kept().includes(held) ? 'p50' : 'index';
  return { figure, chance: standing.contest.chanceOfImproving(winner, held, figure, improvement) };
}

/** Where to go from an incumbent that fails: the winner if it was well long enough, else the steadiest that was. */
function findRefuge(standing: Standing, winner: string, returnAfterMs: number): string {
  if (wasWell(standing, winner, returnAfterMs)) return winner;
  const { contest } = standing;
  const well = standing.contestants.filter((registry) => wasWell(standing, registry, returnAfterMs));
  return well.sort((a, b) => contest.figuresOf(a).index - contest.figuresOf(b).index)[0] ?? winner;
}

function wasWell({ at, candidates }: Standing, registry: string, returnAfterMs: number): boolean {
  const ejectedUntil = candidates.find((candidate) => candidate.registry === registry)?.gate.ejectedUntil ?? null;
  return ejectedUntil === null || at - ejectedUntil >= returnAfterMs;
}

/** How long before an evaluation the one is that must agree with it: a whole turn of the clock. */
export const EARLIER_MS = DAY;
