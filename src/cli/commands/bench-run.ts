import { setTimeout as sleep } from 'node:timers/promises';
import { formatDuration, parseDuration } from '../../kernel/duration.ts';
import { sizeText } from '../../kernel/figure-text.ts';
import type { ApiClient } from '../api-client.ts';
import { type BenchmarkAnswer, createBenchmark, getBenchmark, type NewBenchmarkBody } from '../benchmark-calls.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { openWait } from '../wait.ts';

export type BenchRunOptions = NewBenchmarkBody & { readonly wait: boolean; readonly timeout?: number };

/** What the time to expect is reckoned with: 8 Mbit/s, a border link of the middling sort. */
const ASSUMED_BYTES_PER_MS = 1_000;
/** Before each sample round trips are probed for so long, and a second goes for connecting. */
const USUAL_IDLE_MS = 2_000;
const SET_UP_MS = 1_000;
/** A round takes seconds at least. */
const LOOK_MS = 1_000;

export async function runBenchRun(context: CliContext, options: BenchRunOptions): Promise<number> {
  const { io, texts, json, out, err } = context;
  const { wait: waits, timeout, ...wanted } = options;
  const client = await context.openClient();
  const started = await createBenchmark(client, wanted);
  if (!json)
    err.print(
      texts.bench.started(started.id, started.rounds, started.registries.length, ...expectation(started, wanted)),
    );
  if (!waits) {
    if (json) out.printJson(started);
    else out.print(started.id);
    return EXIT_STATUS.done;
  }
  using wait = openWait(io, timeout);
  const last = await follow(context, client, started, wait.signal);
  if (json) out.printJson(last);
  else out.print(texts.bench.ended(last.id, last.state, last.roundsDone, last.samples));
  if (last.state === 'finished') return EXIT_STATUS.done;
  if (last.state === 'stopped') return EXIT_STATUS.failed;
  return wait.ending === 'interrupt' ? EXIT_STATUS.interrupted : EXIT_STATUS.timedOut;
}

/** The benchmark once it has ended, or as it was last seen when the wait is over; it does not depend on being watched. */
async function follow(
  { texts, json, err }: CliContext,
  client: ApiClient,
  started: BenchmarkAnswer,
  signal: AbortSignal,
): Promise<BenchmarkAnswer> {
  let [seen, told] = [started, ''];
  while (seen.state === 'running' && !signal.aborted) {
    try {
      await sleep(LOOK_MS, undefined, { signal });
      seen = await getBenchmark(client, seen.id, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    const away = seen.agents.filter(({ state }) => state === 'away');
    const waitsFor = seen.waitingFor === 'agent' && away.length > 0 ? texts.bench.agents(away) : seen.waitingFor;
    const line = texts.bench.progress(seen, waitsFor);
    if (!json && line !== told) err.print(line);
    told = line;
  }
  return seen;
}

/** Up and down are measured side by side, each one sample at a time. */
function expectation(
  { rounds, registries, payloads, expectedBytes }: BenchmarkAnswer,
  { idle }: NewBenchmarkBody,
): [string, string] {
  const samples = rounds * registries.length * Math.max(payloads.length, 1);
  const idleMs = idle === undefined ? USUAL_IDLE_MS : parseDuration(idle);
  const expectedMs = samples * (idleMs + SET_UP_MS) + expectedBytes / ASSUMED_BYTES_PER_MS;
  return [sizeText(expectedBytes), formatDuration(Math.round(expectedMs / 1_000) * 1_000)];
}
