import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { benchRepository } from '../../src/bench/campaign/bench-image.ts';
import { openUploadStep } from '../../src/bench/campaign/upload-step.ts';
import type { OpenProbeClient } from '../../src/bench/probes/probe-client.ts';
import { sendPayload } from '../../src/bench/probes/send-payload.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { openRegistryProvider } from '../../src/providers/registry-provider.ts';
import { openTestRegistry } from '../../test/support/registry.ts';

export type SamplerFigures = {
  /** Seconds of the body, pair by pair: with the sampler beside it, and alone. */
  readonly pairs: readonly (readonly [sampled: number, alone: number])[];
  /** Median of what the sampler takes of the goodput, 0 to 1; below 0 where it was faster. */
  readonly cost: number;
};

const PAIRS = 5;
const PAYLOAD_BYTES = 12_000_000;
const CHUNK_BYTES = 8 * 2 ** 20;
/** A link with a cap and a queue of 200 ms, both ways through the same one; a packet of loopback is up to 64 KiB. */
const LINK = ['tbf', 'rate', '16mbit', 'burst', '128kb', 'latency', '200ms'];
const INSIDE = 'ENTREPOT_PERF_NAMESPACE';

/**
 * What measuring costs the transfer that is measured: uploads over a capped link in a network namespace of its own, in
 * turns with the sampler (TCP_INFO four times a second, round trips ten times a second) and without.
 */
export async function measureSampler(): Promise<SamplerFigures> {
  const child = spawn('unshare', ['--net', process.execPath, import.meta.filename], {
    env: { ...process.env, [INSIDE]: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error('measuring the sampler needs root, unshare, ip and tc');
  return JSON.parse(text) as SamplerFigures;
}

async function measureInside(): Promise<SamplerFigures> {
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  execFileSync('tc', ['qdisc', 'add', 'dev', 'lo', 'root', ...LINK]);
  await using registry = await openTestRegistry();
  const entry = { key: 'relay', url: registry.url, credentials: { kind: 'none' }, internal: true } as const;
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

if (process.env[INSIDE] === '1') process.stdout.write(JSON.stringify(await measureInside()));
