import { describe, expect, it } from 'vitest';
import { AgentWatch } from '../../../src/app/notify/agent-watch.ts';
import { watchCertificate } from '../../../src/app/notify/certificate-watch.ts';
import type { EntrepotEvent } from '../../../src/events/event.ts';
import { EventBus } from '../../../src/events/event-bus.ts';
import { TestClock } from '../../support/test-clock.ts';

const MINUTE = 60_000;

function listen() {
  const events = new EventBus((error) => {
    throw error;
  });
  const heard: EntrepotEvent[] = [];
  events.on('*', (event) => void heard.push(event));
  return { events, heard };
}

function openAgents(marks = new Map<string, number>(), clock = new TestClock()) {
  const { events, heard } = listen();
  const watch = new AgentWatch({
    sites: [
      { name: 'beijing', service: true },
      { name: 'us-east', service: false },
      { name: 'eu', service: false },
    ],
    store: {
      marks: async () => [...marks].map(([key, at]) => ({ key, at })),
      mark: async (key, at) => void marks.set(key, at),
    },
    ...{ events, clock, lostAfterMs: 5 * MINUTE },
    onError: (error) => {
      throw error;
    },
  });
  const told = () =>
    heard.splice(0).map((event) => (event.type === 'agent.heard' ? [event.site, event.isHeard] : event));
  return { watch, told, clock, marks };
}

describe('agents', () => {
  it('are lost when they are not heard of, said once an hour, and back at their first word', async () => {
    const { watch, told, clock } = openAgents();
    watch.heard('us-east');
    watch.heard('elsewhere');
    expect(told()).toEqual([['us-east', true]]);
    clock.advance(4 * MINUTE);
    await watch.look();
    // A wall clock that is set loses nobody.
    clock.jump(24 * 60 * MINUTE);
    await watch.look();
    expect(told()).toEqual([]);
    clock.advance(MINUTE);
    await watch.look();
    await watch.look();
    expect(told()).toEqual([['us-east', false]]);
    clock.advance(61 * MINUTE);
    await watch.look();
    expect(told()).toEqual([['us-east', false]]);
    watch.heard('us-east');
    watch.heard('us-east');
    expect(told()).toEqual([['us-east', true]]);
  });

  it('that an earlier run heard of are lost too, some time after the start', async () => {
    const first = openAgents();
    first.watch.heard('us-east');
    first.clock.advance(MINUTE);
    await first.watch.look();
    const { watch, told, clock } = openAgents(first.marks);
    await watch.start();
    await watch.look();
    expect(told()).toEqual([]);
    clock.advance(5 * MINUTE);
    await watch.look();
    expect(told()).toEqual([['us-east', false]]);
    watch.stop();
  });
});

it("the service's certificate is told to end when that begins, once an hour, and when it is over", () => {
  const { events, heard } = listen();
  const clock = new TestClock();
  let state = { expiresAtMs: 5, isEndingSoon: false, isReplacementRefused: false };
  const { look, stop } = watchCertificate(() => state, { events, clock });
  const told = () => heard.splice(0).map((event) => event.type === 'certificate.looked' && event.isEnding);
  look();
  look();
  expect(told()).toEqual([false]);
  state = { ...state, isEndingSoon: true };
  look();
  look();
  expect(told()).toEqual([true]);
  clock.advance(60 * MINUTE);
  look();
  expect(told()).toEqual([true]);
  state = { ...state, isEndingSoon: false };
  look();
  expect(told()).toEqual([false]);
  stop();
});
