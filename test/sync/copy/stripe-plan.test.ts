import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Stripe, StripePlan } from '../../../src/sync/copy/stripe-plan.ts';

const MIB = 1024 * 1024;
const ANSWER_MS = 100;

/** Moves each stripe on, and looks, second after second: MiB a second of each. */
function flow(plan: StripePlan, stripes: readonly (readonly [Stripe, number])[], seconds: number, fromMs = 0): number {
  for (let look = 1; look <= seconds * 5; look += 1) {
    for (const [stripe, rate] of stripes) stripe.position = Math.min(stripe.end, stripe.position + (rate * MIB) / 5);
    plan.look(fromMs + look * 200);
  }
  return fromMs + seconds * 1_000;
}

describe('a plan of stripes', () => {
  it('gives bytes out from the front, less and less towards the end, each once', () => {
    const plan = new StripePlan([{ offset: MIB, end: 100 * MIB }], ANSWER_MS);
    const stripes = Array.from({ length: 60 }, () => plan.take(4, 0)).filter((stripe) => stripe !== undefined);
    expect(stripes[0]?.position).toBe(MIB);
    expect(stripes.every(({ position }, n) => n === 0 || position === stripes[n - 1]?.end)).toBe(true);
    expect(stripes.at(-1)?.end).toBe(100 * MIB);
    const sizes = stripes.map(({ position, end }) => end - position);
    expect(sizes[0]).toBeGreaterThan(10 * MIB);
    expect(Math.max(...sizes)).toBe(sizes[0]);
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(MIB / 2);
    expect(plan.take(4, 0)).toBeUndefined();
  });

  it('never crosses what is there already', () => {
    const plan = new StripePlan(
      [
        { offset: 0, end: 2 * MIB },
        { offset: 9 * MIB, end: 10 * MIB },
      ],
      ANSWER_MS,
    );
    expect(plan.take(1, 0)?.position).toBe(0);
    const rest = Array.from({ length: 9 }, () => plan.take(1, 0)).filter((stripe) => stripe !== undefined);
    expect(rest.every(({ position, end }) => end <= 2 * MIB || position >= 9 * MIB)).toBe(true);
    expect(rest.at(-1)?.end).toBe(10 * MIB);
  });

  it('gives a fast connection more than a slow one, and each so much that the round trip hardly matters', () => {
    const plan = new StripePlan([{ offset: 0, end: 64 * MIB }], ANSWER_MS);
    const fast = plan.takeRange({ offset: 0, end: 20 * MIB }, 0);
    const slow = plan.takeRange({ offset: 20 * MIB, end: 40 * MIB }, 0);
    const nowMs = flow(plan, [[fast, 4], [slow, 1]], 4); // biome-ignore format: pairs
    const next = [fast, slow].map((connection) => plan.take(8, nowMs, connection));
    const [more = 0, less = 0] = next.map((stripe) => (stripe === undefined ? 0 : stripe.end - stripe.position));
    expect(more).toBeGreaterThan(2 * less);
    expect(more).toBeGreaterThan(4 * MIB * 0.5);
  });

  it('gives what a stripe has left to the next who asks', () => {
    const plan = new StripePlan([{ offset: 0, end: MIB / 2 }], ANSWER_MS);
    const stripe = plan.take(1, 0);
    if (stripe === undefined) throw new Error('nothing was given');
    stripe.position = MIB / 4;
    plan.end(stripe);
    expect(plan.take(1, 0)).toMatchObject({ position: MIB / 4, end: MIB / 2 });
  });
});

describe('who has nothing left to do', () => {
  function openRace() {
    const plan = new StripePlan([{ offset: 0, end: 60 * MIB }], ANSWER_MS);
    const fast = plan.takeRange({ offset: 0, end: 20 * MIB }, 0);
    const slow = plan.takeRange({ offset: 20 * MIB, end: 60 * MIB }, 0);
    const nowMs = flow(plan, [[fast, 4], [slow, 1]], 5); // biome-ignore format: pairs
    return { plan, fast, slow, nowMs };
  }

  it('takes so much from the stripe that would last longest that both end together', () => {
    const { plan, fast, slow, nowMs } = openRace();
    plan.end(fast);
    const left = slow.end - slow.position;
    const taken = plan.steal(nowMs, fast);
    if (taken === undefined) throw new Error('nothing was taken');
    expect(taken).toMatchObject({ position: slow.end, end: 60 * MIB });
    const [slowMs, fastMs] = [slow, taken].map(({ position, end, rate }) => (end - position) / rate);
    expect(slowMs).toBeCloseTo((fastMs ?? 0) + ANSWER_MS, 0);
    expect(taken.end - taken.position).toBeGreaterThan(0.75 * left);
  });

  it('takes the last bytes of one that has come to a stop', () => {
    const plan = new StripePlan([{ offset: 0, end: 3 * MIB }], ANSWER_MS);
    const done = plan.takeRange({ offset: 0, end: 2 * MIB }, 0);
    const stuck = plan.takeRange({ offset: 2 * MIB, end: 2.3 * MIB }, 0);
    const nowMs = flow(plan, [[done, 1], [stuck, 0.001]], 2); // biome-ignore format: pairs
    plan.end(done);
    expect(plan.steal(nowMs, done)).toMatchObject({ end: 2.3 * MIB });
    expect(stuck.end - stuck.position).toBeLessThan(1_000);
  });

  it('takes nothing where the end would not come nearer, nor from one that has only begun', () => {
    const plan = new StripePlan([{ offset: 0, end: 20 * MIB }], ANSWER_MS);
    const one = plan.takeRange({ offset: 0, end: 4 * MIB }, 0);
    const other = plan.takeRange({ offset: 4 * MIB, end: 8.1 * MIB }, 0);
    const nowMs = flow(plan, [[one, 2], [other, 2]], 2); // biome-ignore format: pairs
    plan.end(one);
    expect(plan.steal(nowMs, one)).toBeUndefined();
    plan.takeRange({ offset: 8.1 * MIB, end: 8.2 * MIB }, nowMs);
    expect(plan.steal(nowMs + 1, one)).toBeUndefined();
  });

  it('helps the foremost stripe where that is slow and holds up the others, and only then', () => {
    const plan = new StripePlan([{ offset: 0, end: 90 * MIB }], ANSWER_MS);
    const front = plan.takeRange({ offset: 0, end: 4 * MIB }, 0);
    const others = [10, 30, 50].map((at) => plan.takeRange({ offset: at * MIB, end: (at + 20) * MIB }, 0));
    const [first] = others;
    if (first === undefined) throw new Error('there are no others');
    const nowMs = flow(plan, [[front, 0.2], ...others.map((stripe) => [stripe, 2] as const)], 3);
    const helped = plan.hasten(nowMs, first);
    expect(helped).toMatchObject({ position: front.end, end: 4 * MIB });
    expect(plan.hasten(nowMs, first)).toBeUndefined();
  });

  it('whatever is taken and given back, every byte is fetched once', () => {
    const doing = fc.record({ what: fc.constantFrom('take', 'steal', 'hasten', 'end', 'move'), at: fc.nat(9) });
    fc.assert(
      fc.property(fc.array(doing, { maxLength: 60 }), (doings) => {
        const whole = 30 * MIB;
        const plan = new StripePlan([{ offset: 0, end: whole }], ANSWER_MS);
        const open: Stripe[] = [];
        let fetched = 0;
        let nowMs = 0;
        const move = (stripe: Stripe, bytes: number) => {
          const moved = Math.min(bytes, stripe.end - stripe.position);
          stripe.position += moved;
          fetched += moved;
        };
        for (const { what, at } of doings) {
          nowMs += 200;
          plan.look(nowMs);
          const [chosen] = open.slice(at % Math.max(1, open.length));
          const taken =
            what === 'take'
              ? plan.take(4, nowMs)
              : what === 'steal'
                ? plan.steal(nowMs)
                : what === 'hasten'
                  ? plan.hasten(nowMs)
                  : undefined;
          if (taken !== undefined) open.push(taken);
          if (chosen !== undefined && what === 'move') move(chosen, (at + 1) * 100_000);
          if (chosen !== undefined && what === 'end') {
            plan.end(chosen);
            open.splice(open.indexOf(chosen), 1);
          }
        }
        for (
          let next = open.pop() ?? plan.take(1, nowMs);
          next !== undefined;
          next = open.pop() ?? plan.take(1, nowMs)
        ) {
          move(next, next.end - next.position);
          plan.end(next);
        }
        expect(fetched).toBe(whole);
      }),
    );
  });
});
