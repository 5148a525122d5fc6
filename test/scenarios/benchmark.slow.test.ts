import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { RawSample } from '../support/independent-figures.ts';
import { canRunWan, hasCongestionControl } from '../support/wan/can-run-wan.ts';
import type { WanWorldName } from '../support/wan/wan-worlds.ts';
import { describeForm, readScenarioForm } from './benchmark-forms.ts';
import { type BenchmarkWorld, type Campaign, type FlowReading, openBenchmarkWorld } from './benchmark-world.ts';
import { type IdlePath, probeIdlePaths } from './idle-paths.ts';
import { mergeRecorded, planRecording, type RecordedSamples, recordSamples } from './recorded-samples.ts';
import { reportWeek } from './reported-week.ts';
import { resampleDays } from './resampled-days.ts';
import { round, say } from './say.ts';
import { evaluateWeek, recommendWeek } from './week-evaluation.ts';
import { measureWorsenedNight } from './worsened-night.ts';

const lacking = [...canRunWan().missing, ...(hasCongestionControl('bbr') ? [] : ['bbr in the kernel'])];
const form = readScenarioForm();
const MINUTE = 60_000 * form.patience;
/** Of each test: they wait for what is measured side by side, and a machine may have much else to do. */
const LIMIT = 15 * MINUTE;
/** Of what is drawn from the recorded samples. */
const SEED = 20_261_126;

describe.skipIf(lacking.length > 0)(
  `regions measured over the laboratory's links${lacking.length === 0 ? '' : ` (missing here: ${lacking.join(', ')})`}`,
  () => {
    const opened = new AsyncDisposableStack();
    const beganAt = Date.now();
    let [day, policed, ...evenings]: BenchmarkWorld[] = [];
    let probing: Promise<readonly IdlePath[]>;
    let isProbed = false;
    let recording: Promise<{ day: RecordedSamples; evening: RecordedSamples }>;

    beforeAll(async () => {
      for (const line of describeForm(form)) say(line);
      const names = ['day', 'policed', ...Array<'evening'>(form.evenings).fill('evening')] as const;
      const open = async (name: WanWorldName, nth: number) => opened.use(await openBenchmarkWorld(name, nth + 1));
      [day, policed, ...evenings] = await Promise.all(names.map(open));
      sayWhen(`${names.length} laboratories stand`);
      // Round trips come first: all laboratories go before other work, and so in each other's way.
      probing = probe();
      // Failures are those of the tests that wait for them.
      await probing.catch(() => {});
      sayWhen('paths were probed');
      recording = record();
      recording.catch(() => {});
    }, 5 * MINUTE);
    afterAll(() => opened.disposeAsync(), MINUTE);
    const sayWhen = (what: string) => say(`${what} after ${round((Date.now() - beganAt) / 1_000)} s`);
    const worlds = () => {
      const [evening] = evenings;
      if (day === undefined || evening === undefined || policed === undefined) throw new Error('no laboratory');
      return { day, evening, policed };
    };

    const probe = async () =>
      (await Promise.all(form.probedIn.map((name) => probeIdlePaths(worlds()[name], form)))).flat();
    /** By day and in the evening, side by side; in the laboratory of the capped lines the tests go on meanwhile. */
    const record = async () => {
      const [byDay, ...each] = await Promise.all([
        recordSamples(worlds().day, planRecording(form, 'day', 0), form),
        ...evenings.map((world, nth) => recordSamples(world, planRecording(form, 'evening', nth), form)),
      ]);
      const inEvening = mergeRecorded(each);
      sayWhen('samples were recorded');
      if (form.samples !== null) await writeFile(form.samples, JSON.stringify({ day: byDay, evening: inEvening }));
      return { day: byDay, evening: inEvening };
    };

    it('a link that is worsened at night shows in the heat map', { timeout: LIMIT }, async () => {
      const { korea, japan } = await measureWorsenedNight(worlds().policed);
      const told = ({ p90 }: { p90: number }) => `${round(p90)} s`;
      say(
        `noon and night: korea, worsened, ${told(korea.noon)} and ${told(korea.night)}; japan ${told(japan.noon)} and ${told(japan.night)}`,
      );
      expect(korea.night.p90).toBeGreaterThan(2 * korea.noon.p90);
      expect(japan.night.p90).toBeLessThan(1.5 * japan.noon.p90);
      // The darkest of all, as the slowest is; from pale to dark each channel falls.
      const lightness = ({ color }: { color: readonly number[] }) => color.reduce((sum, channel) => sum + channel, 0);
      for (const other of [korea.noon, japan.noon, japan.night])
        expect(lightness(korea.night)).toBeLessThan(lightness(other));
      sayWhen('the night was measured');
    });

    it('a link that is cut shows as failures, not as missing rows', { timeout: LIMIT }, async () => {
      const { policed: world } = worlds();
      // Of a size that was left nowhere yet: what is to be pulled from Japan cannot be left there.
      const cut = ['bj-jp', 'use-kr'];
      for (const link of cut) await world.wan.cut(link);
      const request = { rounds: 1, registries: ['korea', 'japan'], payloads: ['150kB'], idle: '200ms' };
      const samples = await world
        .measure({ ...request, ...world.bothLegs }, 3 * MINUTE)
        .finally(() => Promise.all(cut.map((link) => world.wan.mend(link))));
      say(`cut: ${samples.map(outcomeOf).join(', ')}`);
      const failed = samples.filter(({ error }) => error !== null);
      expect(samples).toHaveLength(4);
      expect(failed.map(({ registry, leg }) => `${registry} ${leg}`).sort()).toEqual([
        'japan download',
        'japan upload',
        'korea download',
      ]);
      expect(failed.filter(({ error }) => error?.step === null)).toEqual([]);
      const { body } = await world.send('GET', `/v1/benchmarks/${samples[0]?.campaign}/report`);
      const series = body.series as { registry: string; leg: string; failed: { share: number } }[];
      expect(series.map(({ registry, leg, failed: { share } }) => `${registry} ${leg} ${share}`).sort()).toEqual([
        'japan download 1',
        'japan upload 1',
        'korea download 1',
        'korea upload 0',
      ]);
    });

    it('an agent that loses contact loses no sample', { timeout: LIMIT }, async () => {
      const { policed: world } = worlds();
      const request = { legs: ['download'], sites: ['us-east'], rounds: 1, payloads: ['200kB'] };
      const { id } = await world.begin({ ...request, registries: ['us-west', 'japan'], idle: '4s' });
      const isMeasuring = ({ agents }: Campaign) => (agents as { state: string }[])[0]?.state === 'measuring';
      await world.until(id, isMeasuring, MINUTE);
      const cutAt = performance.now();
      let kept: readonly string[];
      await world.wan.cut('bj-use');
      try {
        kept = await eventually(
          async () => {
            const files = await world.keptByAgent();
            return files.length > 0 && files;
          },
          { deadlineMs: 3 * MINUTE, everyMs: 100, what: 'a sample that the agent keeps' },
        );
        await pause(cutAt + form.contactLostMs - performance.now());
        // Nothing has come of what was measured meanwhile, and it is where it was.
        expect((await world.samples(id)).filter(({ error }) => error === null)).toEqual([]);
        expect(await world.keptByAgent()).toEqual(kept);
      } finally {
        await world.wan.mend('bj-use');
      }
      const lostSeconds = round((performance.now() - cutAt) / 1_000);
      const isOver = async () => (await world.keptByAgent()).length === 0;
      await eventually(isOver, { deadlineMs: 3 * MINUTE, what: 'the report of what was kept' });
      await world.until(id, ({ state }) => state === 'finished', MINUTE);
      const samples = await world.samples(id);
      say(`contact lost for ${lostSeconds} s, ${kept.length} sample kept; then ${samples.map(outcomeOf).join(', ')}`);
      expect(samples.map(({ registry }) => registry).sort()).toEqual(['japan', 'us-west']);
      // The one that was begun has come; the other was taken later, or the row says that the agent was away.
      expect(samples.filter(({ error }) => error === null).length).toBeGreaterThanOrEqual(1);
      expect(samples.filter(({ error }) => error !== null && error.code !== 'agent_away')).toEqual([]);
      const later = await world.measure({ ...request, registries: ['us-west'], idle: '200ms' }, 2 * MINUTE);
      expect(later.map(({ error }) => error)).toEqual([null]);
      sayWhen('contact was lost and found');
    });

    it('a capped line is told apart from one that loses packets', { timeout: LIMIT }, async () => {
      const [capped] = await worlds().policed.compareFlows(['singapore']);
      const { day: byDay, evening: inEvening } = await recording;
      const all = { policed: capped === undefined ? [] : [capped], day: byDay.flows, evening: inEvening.flows };
      for (const [name, flows] of Object.entries(all))
        for (const { registry, sentence, ratio } of flows) say(`${name}, ${registry}: ${sentence} (ratio ${ratio})`);
      expect(capped).toSatisfy(reads('capped', (ratio) => ratio < 1.5));
      // By day so few packets are lost that the bytes may be over before one shows; in the evening it is plain.
      expect([...all.day, ...all.evening].filter(({ verdict }) => verdict === 'capped')).toEqual([]);
      const korea = all.evening.find(({ registry }) => registry === 'korea');
      expect(korea).toSatisfy(reads('loss', (ratio) => ratio >= 3));
    });

    it('idle round trips and their differences are those of the worlds', { timeout: LIMIT }, async () => {
      // Here, where nothing else is measured any more: tried a second time it probes anew.
      if (isProbed) probing = probe();
      isProbed = true;
      const probed = await probing;
      for (const { path, sent, foundMs, expectedMs, difference, expectedDifference } of probed)
        say(
          `${path}: ${sent} round trips, ${round(foundMs, 2)} ms at the median (2 x delay + 2 x jitter: ${round(expectedMs, 2)}), mean difference ${round(difference, 2)} (1.5 x jitter: ${round(expectedDifference, 2)})`,
        );
      for (const { path, sent, foundMs, expectedMs, difference, expectedDifference } of probed) {
        const [tolerance, ofDifference] = [Math.max(2, 0.05 * expectedMs), Math.max(0.3, 0.15 * expectedDifference)];
        expect(sent, path).toBeGreaterThanOrEqual(300);
        expect(Math.abs(foundMs - expectedMs), path).toBeLessThanOrEqual(tolerance);
        expect(Math.abs(difference - expectedDifference), path).toBeLessThanOrEqual(ofDifference);
      }
    });

    it('with cubic the rule and an independent script name the same on every day', {
      timeout: LIMIT,
    }, async () => {
      const { day: byDay, evening: inEvening } = await recording;
      const days = evaluateWeek('cubic', { day: byDay.cubic, evening: inEvening.cubic }, SEED);
      expect(days.map(({ registry }) => registry)).not.toContain(null);
      if (!form.isWhole) return;
      expect(days.map(({ registry }) => registry)).toEqual(Array(7).fill('singapore'));
      expect(new Set(days.flatMap(({ fastest }) => fastest)).size).toBeGreaterThan(1);
    });

    it('as production sends it is what the rule says, and the report says why tests with other tools differ', {
      timeout: LIMIT,
    }, async () => {
      const { day: byDay, evening: inEvening } = await recording;
      const recorded = { day: byDay.production, evening: inEvening.production };
      evaluateWeek('production', recorded, SEED);
      const samples = resampleDays(recorded, 8, Date.now(), SEED);
      const week = await reportWeek(samples, inEvening.flows);
      if (form.page !== null) {
        await writeFile(form.page, week.page);
        await writeFile(`${form.page}.txt`, week.table);
      }
      const { recommendation, report } = week;
      expect(recommendation.registry).toBe(recommendWeek(samples, Date.parse(recommendation.at)));
      expect(recommendation.reasons[0]).toContain(`${recommendation.registry} brings 150 MB in `);
      say(`as production sends: ${recommendation.registry}. ${report.sending?.sentence}`);
      expect(report.sending?.sentence).toMatch(
        /^Uploads were sent with bbr, .* 150 MB would have taken .* to korea \(here /,
      );
      expect(week.page).toContain('Uploads were sent with bbr, ');
      expect(week.table).toContain('Uploads were sent with bbr, ');
    });
  },
);

function outcomeOf({ registry, leg, error }: RawSample): string {
  return `${registry} ${leg} ${error === null ? 'ok' : `${error.code} at ${error.step ?? 'no step'}`}`;
}

/** The verdict or, where this machine was too busy for one, the ratio that leads to it. */
function reads(verdict: string, is: (ratio: number) => boolean) {
  return (reading: FlowReading) =>
    reading.verdict === verdict ||
    (reading.sentence.includes('too busy') && reading.ratio !== null && is(reading.ratio));
}
