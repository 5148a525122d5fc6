import type { ChoiceRecord } from '../../src/choice/choice-record.ts';
import type { ChoiceStore } from '../../src/choice/choice-store.ts';
import { ChoiceTable } from '../../src/choice/choice-table.ts';
import { openResolver } from '../../src/choice/open-resolver.ts';
import { PushActivity, type PushSummary } from '../../src/choice/push-activity.ts';
import { ReleaseIndex } from '../../src/choice/release-index.ts';
import type { CurrentPlacement, CurrentRelease } from '../../src/choice/release-source.ts';
import { UseRecorder } from '../../src/choice/use-recorder.ts';
import { EventBus } from '../../src/events/event-bus.ts';
import type { World } from '../../src/regions/world.ts';
import { ManualClock } from './manual-clock.ts';
import { releaseSourceOf } from './sample-release.ts';
import { sampleWorld } from './sample-world.ts';

export type Given = {
  readonly world?: World;
  readonly releases?: readonly CurrentRelease[];
  readonly placements?: readonly CurrentPlacement[];
  readonly pushes?: readonly PushSummary[];
  readonly choices?: readonly ChoiceRecord[];
  /** What a tag meant before, for a push that is withdrawn. */
  readonly earlier?: readonly CurrentRelease[];
  readonly recommended?: readonly string[];
};

/** Everything that resolves, standing on values: what would be read from the store is given. */
export async function openResolveStand(given: Given) {
  const world = given.world ?? sampleWorld();
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const events = new EventBus(onError);
  const uses: Parameters<ChoiceStore['recordUses']>[0][number][] = [];
  const source = {
    ...releaseSourceOf(given),
    findRelease: async (name: string, tag: string) =>
      given.earlier?.find((release) => release.name === name && release.tag === tag),
  };
  const pushesById = new Map(given.pushes?.map((push) => [push.id, push]));
  const index = new ReleaseIndex({ source, events, onError });
  const pushes = new PushActivity({
    source: {
      runningPushes: async () => [...pushesById.values()].filter((push) => push.state === 'running'),
      findPush: async (id) => pushesById.get(id),
    },
    events,
    onError,
  });
  await pushes.load();
  const records = new Map(given.choices?.map((record) => [record.subject, record]));
  let table = new ChoiceTable(world.choices, records.values());
  const choices = { effective: (name: string) => table.findEffective(name), generation: 0 };
  const recorder = new UseRecorder({
    store: { recordUses: async (batch) => void uses.push(...batch) },
    clock,
    onError,
  });
  const recommended = { relays: given.recommended ?? [] };
  const recommendation = () => recommended.relays;
  const resolver = openResolver({ world, index, choices, pushes, uses: recorder, events, clock, recommendation });
  return {
    world,
    clock,
    events,
    errors,
    index,
    pushes,
    pushesById,
    recorder,
    recommended,
    resolver,
    uses,
    /** As a choice that has been recorded does it: memory first, then the event. */
    choose(record: ChoiceRecord) {
      records.set(record.subject, record);
      table = new ChoiceTable(world.choices, records.values());
      choices.generation += 1;
      events.emit({ type: 'choice.changed', subject: record.subject, revision: record.revision });
    },
    async close() {
      resolver.close();
      index.close();
      pushes.close();
      await recorder.close();
    },
  };
}

export type ResolveStand = Awaited<ReturnType<typeof openResolveStand>>;

export function choiceRecord(subject: string, registry: string | null, revision = 1): ChoiceRecord {
  return { subject, registry, revision, who: 'ops', at: 1_500, reason: null, evidence: null, previous: null };
}
