import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchmarkBody } from '../../api/schema/benchmark-schema.ts';
import type { RecommendationAnswer } from '../../api/schema/recommendation-schema.ts';
import { Failure } from '../../kernel/failure.ts';
import type { Secret } from '../../kernel/secret.ts';
import type { DemoApi } from './demo-api.ts';
import { demoTexts as texts } from './demo-texts.ts';
import { FAR_SITE } from './demo-world.ts';
import { runCommand } from './run-command.ts';

/** Few and small, so that a person need not wait; what a decision needs is said with the result. */
const ROUNDS = 6;
const PAYLOAD = '3MB';
const IDLE = '200ms';
const LEGS = ['upload', 'download'];
const LIMIT_MS = 45_000;
const LOOK_MS = 250;

type Ways = {
  readonly url: string;
  readonly token: Secret;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
};

export type Measured = { readonly benchmark: BenchmarkBody; readonly recommendation: RecommendationAnswer };

/** Measures the relays in short rounds, and tells which of them is recommended and why, as the command line does. */
export async function measureRelays(
  api: DemoApi,
  { url, token, say, signal, agentPid }: Ways & { readonly agentPid: number },
): Promise<Measured> {
  say(
    texts.measuring(
      agentPid,
      `entrepot bench run --rounds ${ROUNDS} --legs ${LEGS.join()} --payloads ${PAYLOAD} --idle ${IDLE}`,
    ),
  );
  let benchmark = await api.measure({ rounds: ROUNDS, legs: LEGS, payloads: [PAYLOAD], idle: IDLE });
  for (const endsAt = Date.now() + LIMIT_MS; benchmark.state === 'running'; ) {
    if (Date.now() > endsAt)
      throw new Failure(
        'timed_out',
        `${benchmark.roundsDone} of ${ROUNDS} rounds were measured in ${LIMIT_MS / 1_000} s`,
      );
    await sleep(LOOK_MS, undefined, { signal });
    benchmark = await api.getBenchmark(benchmark.id);
  }
  say(texts.measured(benchmark.samples, PAYLOAD));
  const ask = ['bench', 'recommend', '--site', FAR_SITE];
  say(texts.command(`entrepot ${ask.join(' ')}`));
  await runCommand([...ask, '--url', url], { token, onLine: (line) => say(`   ${line}`.trimEnd()), signal });
  return { benchmark, recommendation: await api.getRecommendation(FAR_SITE) };
}

/** The command that takes the measurements' advice, and what it says. */
export async function chooseRecommended(image: string, { url, token, say, signal }: Ways): Promise<void> {
  const choose = ['choose', image, '--recommended', '--provisional', '--site', FAR_SITE];
  say(texts.choosing(`entrepot ${choose.join(' ')}`));
  // The verdict, which follows indented, has just been read.
  const onLine = (line: string) => {
    if (!/^(?: |Provisional|A decision)/.test(line)) say(`   ${line}`);
  };
  await runCommand([...choose, '--url', url], { token, onLine, signal });
}
