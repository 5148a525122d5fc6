import type { ScenarioForm } from './benchmark-forms.ts';
import { type BenchmarkWorld, RELAYS, type Relay } from './benchmark-world.ts';

/** What round trips without load were on one path, and what the world's figures say of them; milliseconds. */
export type IdlePath = {
  readonly path: string;
  readonly sent: number;
  readonly foundMs: number;
  readonly expectedMs: number;
  /** Mean absolute difference of consecutive ones. */
  readonly difference: number;
  /** Of two exponentials with the same mean a round trip: one and a half times that mean. */
  readonly expectedDifference: number;
};

/**
 * Round trips between Beijing, US-East and relays, by samples with a long time without load before the body. Links lose
 * nothing meanwhile: round trips are those of HTTP, where a lost packet is a late answer, and says nothing of the jitter.
 */
export async function probeIdlePaths(world: BenchmarkWorld, { probed }: ScenarioForm): Promise<readonly IdlePath[]> {
  const { links } = world.wan.world;
  for (const { name } of links) await world.wan.change(name, { lossPercent: 0 });
  try {
    const request = { rounds: 1, registries: probed, payloads: ['100kB'], idle: '33s' };
    const samples = await world.measure({ ...request, ...world.bothLegs }, 60_000 * (1 + 2 * probed.length));
    return samples.map(({ registry, leg, idle, error }): IdlePath => {
      const ends = [leg === 'upload' ? 'beijing' : 'useast', RELAYS[registry as Relay]] as const;
      const link = links.find((one) => ends.every((end) => one.ends.includes(end)));
      if (link === undefined || idle === null) throw new Error(`${registry} ${leg}: ${JSON.stringify(error)}`);
      const { delayMs, jitterMs } = link.there;
      return {
        ...{ path: `${world.name} ${link.name}`, sent: idle.sent, foundMs: idle.p50 },
        expectedMs: 2 * delayMs + 2 * jitterMs,
        ...{ difference: idle.meanDifference, expectedDifference: 1.5 * jitterMs },
      };
    });
  } finally {
    for (const { name } of links) await world.restoreLink(name);
  }
}
