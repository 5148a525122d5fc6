import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf } from '../perf/children.ts';

/** Lets a process be asked from outside what it holds; the port is told on its standard error. */
export const INSPECTED = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/** What a process holds after a forced collection of garbage: nothing in it is only waiting to be collected. */
export type Held = {
  readonly heapBytes: number;
  readonly residentBytes: number;
  readonly files: number;
  /** Legs that were neither placed nor given up then. */
  readonly openLegs: number;
};

/** Asks a process that was started with `INSPECTED`. */
export type MemoryWatch = { readonly sample: () => Promise<Held>; close(): void };

const ASK_TIMEOUT_MS = 20_000;

export async function openMemoryWatch(pid: number, stderr: string, countOpenLegs: () => number): Promise<MemoryWatch> {
  const url = /Debugger listening on (ws:\/\/\S+)/.exec(stderr)?.[1];
  if (url === undefined) throw new Error(`process ${pid} does not say where it can be inspected: ${stderr}`);
  const socket = new WebSocket(url);
  const answers = new Map<number, (answer: Record<string, unknown>) => void>();
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Record<string, unknown>;
    answers.get(Number(answer.id))?.(answer);
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', reject, { once: true });
  });
  let asked = 0;
  const ask = (method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> => {
    asked += 1;
    const id = asked;
    const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
    const timer = setTimeout(() => reject(new Error(`${method} is not answered`)), ASK_TIMEOUT_MS);
    answers.set(id, resolve);
    socket.send(JSON.stringify({ id, method, params }));
    return promise.finally(() => {
      clearTimeout(timer);
      answers.delete(id);
    });
  };
  return {
    async sample() {
      // Twice: what a first collection finalises, a second one frees.
      await ask('HeapProfiler.collectGarbage');
      await ask('HeapProfiler.collectGarbage');
      const { result } = await ask('Runtime.evaluate', {
        expression: '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())',
      });
      const { result: value } = result as { result: { value: number } };
      const files = readdirSync(`/proc/${pid}/fd`).length;
      return { heapBytes: value.value, residentBytes: memoryOf(pid).rssBytes, files, openLegs: countOpenLegs() };
    },
    close: () => socket.close(),
  };
}

/** Samples a process at work, evenly, for so long. */
export async function watch(memory: MemoryWatch, forMs: number, everyMs: number): Promise<Held[]> {
  const samples: Held[] = [];
  for (const endsAt = Date.now() + forMs; Date.now() < endsAt; await sleep(everyMs))
    samples.push(await memory.sample());
  return samples;
}
