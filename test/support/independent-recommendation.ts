// The recommendation by the rule of docs/how-we-measure.md, written a second time in the plainest way: it shares no code
// with src/bench, so that whatever both agree on was not got wrong once. `npm run scenario:benchmark` compares them too.

export type PlainMeasurement = {
  registry: string;
  leg: string;
  round: string;
  at: number;
  payloadBytes: number;
  ok: boolean;
  setupSeconds: number;
  rate: number | null;
  suspect: boolean;
};

export type PlainQuestion = {
  at: number;
  /** All of them known by what a gigabyte costs, or `null`. */
  candidates: { registry: string; costPerGb: number | null }[];
  legs: string[];
  measurements: PlainMeasurement[];
  incumbent: { registry: string; since: number | null } | null;
  minimum?: { samples: number; days: number; hoursOfDay: number };
  referenceBytes?: number;
};

const [HOUR, DAY, DEADLINE] = [3_600_000, 86_400_000, 1_800];

export function recommendIndependently(question: PlainQuestion) {
  const today = evaluate(question, question.at);
  const { incumbent } = question;
  const answer = (registry: string | null) => ({
    state: registry === null ? 'none' : today.founded ? 'recommended' : 'provisional',
    registry,
    best: today.winner,
  });
  if (today.winner === null) return answer(null);
  const held = incumbent && today.rows.find((row) => row.registry === incumbent.registry);
  if (!today.founded || !held || held.registry === today.winner) return answer(today.winner);
  if (held.paths.length > 0 && !held.passes) {
    const well = today.inContest.filter((row) => question.at - row.ejectedUntil >= DAY);
    if (well.length === 0 || well.some((row) => row.registry === today.winner)) return answer(today.winner);
    return answer(well.sort((a, b) => a.index - b.index)[0]?.registry ?? null);
  }
  if (!today.inContest.includes(held)) return answer(held.registry);
  const improves = (then: Evaluation) => then.winner === today.winner && then.improvement(held.registry) >= 0.95;
  const cooled = incumbent.since === null || question.at - incumbent.since >= 72 * HOUR;
  const winner = today.rows.find((row) => row.registry === today.winner);
  const well = question.at - (winner?.ejectedUntil ?? 0) >= DAY;
  const isBetter = cooled && well && improves(today) && improves(evaluate(question, question.at - DAY));
  return answer(isBetter ? today.winner : held.registry);
}

type Evaluation = ReturnType<typeof evaluate>;
type Path = { at: number; seconds: number; ok: boolean; suspect: boolean };

function evaluate(question: PlainQuestion, at: number) {
  const { samples, days, hoursOfDay } = question.minimum ?? { samples: 60, days: 3, hoursOfDay: 18 };
  const reference = question.referenceBytes ?? 150e6;
  const inWindow = question.measurements.filter((one) => one.at > at - 7 * DAY && one.at <= at);
  const sizes = [...new Set(inWindow.map((one) => one.payloadBytes))].map((bytes) => {
    const paths = question.candidates.map(({ registry }) =>
      pathsOf(
        inWindow.filter((one) => one.payloadBytes === bytes),
        registry,
        question.legs,
        reference,
      ),
    );
    const measured = paths.filter((some) => some.length > 0).length;
    return {
      paths,
      measured,
      least: Math.min(...paths.filter((some) => some.length > 0).map((some) => some.length)),
      total: paths.flat().length,
      distance: Math.abs(Math.log(bytes / reference)),
    };
  });
  sizes.sort((a, b) => a.distance - b.distance);
  const everywhere = Math.max(0, ...sizes.map((size) => size.measured));
  const size =
    sizes.find((one) => one.measured === everywhere && one.least >= samples) ??
    sizes.sort((a, b) => b.total - a.total)[0];
  const rows = question.candidates.map((candidate, index) => {
    const all = size?.paths[index] ?? [];
    const clean = all.filter((path) => !path.suspect);
    const beijing = clean.map((path) => new Date(path.at + 8 * HOUR).toISOString());
    const enough =
      clean.length >= samples &&
      new Set(beijing.map((text) => text.slice(0, 10))).size >= days &&
      new Set(beijing.map((text) => text.slice(11, 13))).size >= hoursOfDay &&
      at - Math.max(...clean.map((path) => path.at)) <= 6 * HOUR;
    const paths = enough ? clean : all;
    const share = paths.filter((path) => path.ok).length / paths.length;
    const ejectedUntil = ejection(paths);
    const seconds = paths.map((path) => path.seconds);
    const passes = paths.length > 0 && (enough ? lowerBound(share, paths.length) : share) >= 0.9 && at >= ejectedUntil;
    const index_ = typeSeven(seconds, 0.95) / typeSeven(seconds, 0.5);
    return { ...candidate, paths, enough, passes, ejectedUntil, index: index_ };
  });
  const founded = rows.some((row) => row.passes && row.enough);
  const inContest = rows.filter((row) => row.passes && (row.enough || !founded));
  const blocks = [...new Set(inContest.flatMap((row) => row.paths.map((path) => Math.floor((at - path.at) / DAY))))];
  const ofBlock = new Map(
    inContest.map((row) => [
      row.registry,
      blocks.map((block) => row.paths.filter((path) => Math.floor((at - path.at) / DAY) === block)),
    ]),
  );
  const draws = multisets(blocks.length).map(({ counts, ways }) => ({
    ways,
    figures: new Map(
      inContest.map((row) => [
        row.registry,
        figures(
          (ofBlock.get(row.registry) ?? []).flatMap((some, nth) =>
            Array.from({ length: counts[nth] ?? 0 }, () => some).flat(),
          ),
        ),
      ]),
    ),
  }));
  const all = draws.reduce((sum, draw) => sum + draw.ways, 0);
  const chance = (holds: (of: (registry: string) => { p50: number; index: number }) => boolean) =>
    draws.reduce(
      (sum, draw) =>
        sum +
        (holds((registry) => draw.figures.get(registry) ?? { p50: Number.NaN, index: Number.NaN }) ? draw.ways : 0),
      0,
    ) / all;
  const steadiest = Math.min(...inContest.map((row) => row.index));
  const names = inContest.map((row) => row.registry);
  const kept = inContest.filter(
    (row) =>
      row.index === steadiest ||
      chance(
        (of) =>
          of(row.registry).index <=
          1.1 * Math.min(...names.map((name) => of(name).index).filter((index) => !Number.isNaN(index))),
      ) >= 0.1,
  );
  const p50 = (row: { paths: Path[] }) =>
    typeSeven(
      row.paths.map((path) => path.seconds),
      0.5,
    );
  const fastest = Math.min(...kept.map(p50));
  const alike = kept.filter((row) => p50(row) <= 1.05 * fastest);
  const known = alike.every((row) => row.costPerGb !== null);
  alike.sort((a, b) => (known ? Number(a.costPerGb) - Number(b.costPerGb) : 0) || (a.registry < b.registry ? -1 : 1));
  const winner = alike[0]?.registry ?? null;
  const improvement = (held: string) => {
    const figure = kept.some((row) => row.registry === held) ? 'p50' : 'index';
    return winner === null ? 0 : chance((of) => of(winner)[figure] <= 0.85 * of(held)[figure]);
  };
  return { rows, founded, inContest, winner, improvement };
}

function pathsOf(measurements: PlainMeasurement[], registry: string, legs: string[], reference: number): Path[] {
  const paths: Path[] = [];
  for (const round of new Set(measurements.map((one) => one.round))) {
    const inRound = measurements.filter((one) => one.round === round);
    if (!legs.every((leg) => inRound.some((one) => one.leg === leg))) continue;
    const own = legs.flatMap((leg) => inRound.find((one) => one.registry === registry && one.leg === leg) ?? []);
    const failed = own.some((one) => !one.ok);
    if (own.length === 0 || (own.length < legs.length && !failed)) continue;
    const sum = own.reduce((total, one) => total + one.setupSeconds + reference / (one.rate ?? 1), 0);
    const ok = !failed && sum < DEADLINE;
    paths.push({
      at: Math.min(...own.map((one) => one.at)),
      seconds: ok ? sum : DEADLINE,
      ok,
      suspect: own.some((one) => one.suspect),
    });
  }
  return paths;
}

function ejection(paths: Path[]): number {
  let [run, times, until] = [0, 0, 0];
  for (const path of [...paths].sort((a, b) => a.at - b.at)) {
    run = path.ok ? 0 : run + 1;
    if (path.ok) times = Math.trunc(times / 2);
    if (run === 3) {
      until = Math.max(until, path.at + HOUR * Math.min(24, 2 ** times));
      [run, times] = [0, times + 1];
    }
  }
  return until;
}

function lowerBound(share: number, n: number): number {
  const z = 1.959963984540054;
  return (
    (share + z ** 2 / (2 * n) - z * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2))) / (1 + z ** 2 / n)
  );
}

function typeSeven(values: number[], p: number): number {
  return typeSevenOf(
    [...values].sort((a, b) => a - b),
    p,
  );
}

function typeSevenOf(sorted: number[], p: number): number {
  const h = (sorted.length - 1) * p;
  const [low, high] = [sorted[Math.floor(h)] ?? Number.NaN, sorted[Math.ceil(h)] ?? Number.NaN];
  return low + (high - low) * (h % 1);
}

function figures(paths: Path[]) {
  const sorted = paths.map((path) => path.seconds).sort((a, b) => a - b);
  const p50 = typeSevenOf(sorted, 0.5);
  return { p50, index: typeSevenOf(sorted, 0.95) / p50 };
}

/** Every way to draw n blocks out of n with the number of orders it can be drawn in. */
function multisets(n: number): { counts: number[]; ways: number }[] {
  const choose = (from: number, take: number): number => (take === 0 ? 1 : (choose(from - 1, take - 1) * from) / take);
  const grow = (places: number, left: number): { counts: number[]; ways: number }[] =>
    places <= 1
      ? [{ counts: [left], ways: 1 }]
      : Array.from({ length: left + 1 }, (_, count) =>
          grow(places - 1, left - count).map((rest) => ({
            counts: [count, ...rest.counts],
            ways: choose(left, count) * rest.ways,
          })),
        ).flat();
  return n === 0 ? [] : grow(n, n);
}
