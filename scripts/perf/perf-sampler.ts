import { benchRepository } from '../../src/bench/campaign/bench-image.ts';
import { openUploadStep } from '../../src/bench/campaign/upload-step.ts';
import type { OpenProbeClient } from '../../src/bench/probes/probe-client.ts';
import { sendPayload } from '../../src/bench/probes/send-payload.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { openRegistryProvider } from '../../src/providers/registry-provider.ts';
import { openTempFolder } from '../../test/support/temp-folder.ts';
import { openWan } from '../../test/support/wan/open-wan.ts';
import { WAN_WORLDS } from '../../test/support/wan/wan-worlds.ts';
import { prepareFarSides } from './wan/far-side.ts';

export type SamplerFigures = {
  /** Seconds of the body, pair by pair: with the sampler beside it, and alone. */
  readonly pairs: readonly (readonly [sampled: number, alone: number])[];
  /** Median of what the sampler takes of the goodput, 0 to 1; below 0 where it was faster. */
  readonly cost: number;
};

const PAIRS = 5;
const PAYLOAD_BYTES = 12_000_000;
const CHUNK_BYTES = 8 * 2 ** 20;
const REGISTRY_URL = 'ENTREPOT_PERF_REGISTRY_URL';
/** Some 13 s for each of ten uploads, and the time to set up. */
const PATIENCE_MS = 600_000;

/**
 * What measuring costs the transfer that is measured: uploads from Beijing to Singapore in the world `policed`, whose line
 * is capped at 8 Mbit/s, in turns with the sampler (TCP_INFO four times a second, round trips ten times a second) and
 * without.
 */
export async function measureSampler(): Promise<SamplerFigures> {
  await using folder = await openTempFolder('perf-sampler');
  await using wan = await openWan(WAN_WORLDS.policed);
  const farSides = await prepareFarSides(new Set(), folder.path);
  const { address } = await farSides.start('own', wan, 'singapore', folder.path);
  const command = [`${REGISTRY_URL}=http://${address}`, process.execPath, import.meta.filename];
  return JSON.parse(await wan.run('beijing', 'env', command, { timeoutMs: PATIENCE_MS })) as SamplerFigures;
}

/** On the host at Beijing. */
async function measureTo(registryUrl: string): Promise<SamplerFigures> {
  const entry = { key: 'relay', url: registryUrl, credentials: { kind: 'none' }, internal: true } as const;
  const open: OpenProbeClient = (_registry, onConnected) =>
    openRegistryProvider(entry, { readSecret: async () => new Secret(''), onConnected });
  const never = new AbortController().signal;
  const step = openUploadStep({
    sampler: { open, clock: systemClock, idleMs: 500 },
    ...{ registries: [], site: 'here', chunkBytes: () => CHUNK_BYTES, patienceMs: () => 120_000 },
  });
  const sampled = async (nth: number): Promise<number> => {
    const ids = { id: `s.${nth}`, campaign: 's', round: `s.${nth}` };
    const sample = await step({ registry: 'relay', leg: 'upload', payloadBytes: PAYLOAD_BYTES }, ids, never);
    if (sample.error !== null || sample.bodySeconds === null)
      throw new Error(`a sample failed: ${sample.error?.detail}`);
    return sample.bodySeconds;
  };
  const alone = async (): Promise<number> => {
    const probe = open('relay', () => {});
    let [beganMs, endedMs] = [0, 0];
    const notes = {
      movedBytes: 0,
      bodyStarted: () => {
        beganMs = performance.now();
      },
      bodyEnded: () => {
        endedMs = performance.now();
      },
    };
    const plan = { repository: benchRepository([], 'relay'), payloadBytes: PAYLOAD_BYTES };
    await sendPayload(probe, { ...plan, chunkBytes: CHUNK_BYTES, keep: false }, notes, never);
    await probe.close();
    return (endedMs - beganMs) / 1_000;
  };
  const pairs: [number, number][] = [];
  for (let nth = 0; nth < PAIRS; nth += 1) {
    // Whoever comes first changes, so that what grows with time falls on both.
    if (nth % 2 === 0) pairs.push([await sampled(nth), await alone()]);
    else {
      const other = await alone();
      pairs.push([await sampled(nth), other]);
    }
  }
  const costs = pairs.map(([withIt, without]) => 1 - without / withIt).sort((a, b) => a - b);
  return { pairs, cost: costs[Math.floor(costs.length / 2)] ?? 0 };
}

const registryUrl = process.env[REGISTRY_URL];
if (registryUrl !== undefined) process.stdout.write(JSON.stringify(await measureTo(registryUrl)));
