import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { ReportAnswer } from '../../src/api/schema/report-schema.ts';
import type { FlowRun } from '../../src/bench/flow-diagnosis.ts';
import { eventually } from '../support/eventually.ts';
import type { RawSample } from '../support/independent-figures.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { TEST_TOKEN } from '../support/test-token.ts';
import { openWan, type Wan } from '../support/wan/open-wan.ts';
import { WAN_WORLDS, type WanWorldName } from '../support/wan/wan-worlds.ts';
import { MAIN, type Program, startOn, startRegistryOn } from './lab-programs.ts';

const SUPPORT = resolve(import.meta.dirname, '../support');
const SERVICE = 'http://127.0.0.1:8080';
const LOOK_MS = 500;
/** The relays by the names that the configuration has for them. */
export const RELAYS = { singapore: 'singapore', korea: 'korea', japan: 'japan', 'us-west': 'uswest' } as const;

export type Relay = keyof typeof RELAYS;

export type Answer = { readonly status: number; readonly body: Record<string, unknown> };
type Text = { readonly status: number; readonly body: string };
export type Campaign = Record<string, unknown> & { readonly id: string; readonly samples: number };

export type ServiceChange = {
  /** What the service's clock on the wall is off by. */
  readonly shiftMs?: number;
  /** Holds it, as the kernel does where BBR is not allowed. */
  readonly congestionControl?: 'cubic';
};

/** What one connection against eight told of the uploads to a registry. */
export type FlowReading = {
  readonly registry: string;
  readonly verdict: string;
  readonly ratio: number | null;
  readonly sentence: string;
  readonly one: FlowRun | null;
  readonly eight: FlowRun | null;
};

/** Four relays far away, the service at Beijing, and an agent at US-East. */
export type BenchmarkWorld = AsyncDisposable & {
  readonly name: WanWorldName;
  readonly wan: Wan;
  readonly agent: Program;
  /** The files of samples that the agent keeps as the service has not said yet that it has them. */
  keptByAgent(): Promise<readonly string[]>;
  /** Ends the service and starts it anew on the same data. */
  restart(change: ServiceChange): Promise<void>;
  send(method: string, path: string, body?: unknown): Promise<Answer>;
  read(path: string): Promise<Text>;
  begin(request: Record<string, unknown>): Promise<Campaign>;
  until(id: string, isSo: (campaign: Campaign) => boolean, deadlineMs: number): Promise<Campaign>;
  /** Runs a campaign to its end, and answers all that was seen. */
  measure(request: Record<string, unknown>, deadlineMs: number): Promise<readonly RawSample[]>;
  samples(id: string): Promise<readonly RawSample[]>;
  /** One connection against eight, to each of these. */
  compareFlows(registries: readonly Relay[]): Promise<readonly FlowReading[]>;
  /** What a benchmark of uploads from Beijing and downloads at US-East names. */
  readonly bothLegs: { readonly legs: readonly string[]; readonly sites: readonly string[] };
  /** Gives a link the figures of its world again. */
  restoreLink(name: string): Promise<void>;
};

/** `seed`: of what the links draw. */
export async function openBenchmarkWorld(name: WanWorldName, seed: number): Promise<BenchmarkWorld> {
  const opened = new AsyncDisposableStack();
  const { path: folder } = opened.use(await openTempFolder(`benchmark-${name}`));
  const wan = opened.use(await openWan(WAN_WORLDS[name], { seed }));
  for (const host of Object.values(RELAYS)) {
    await mkdir(join(folder, host));
    await startRegistryOn(wan, host, join(folder, host));
  }
  const config = await writeServiceConfig(folder, {
    registries: Object.fromEntries(
      Object.entries(RELAYS).map(([registry, host]) => [registry, { url: `http://${host}:5000` }]),
    ),
    choose: 'korea',
  });
  const startService = ({ shiftMs = 0 }: ServiceChange) => {
    const clock = ['--import', join(SUPPORT, 'shifted-clock.ts')];
    const serve = ['serve', '--config', config, '--data', join(folder, 'data')];
    const listen = ['--listen', '0.0.0.0:8080', '--allow-insecure-listen'];
    const env = { ENTREPOT_ADMIN_TOKEN: TEST_TOKEN, SHIFTED_CLOCK_MS: String(shiftMs) };
    return startOn(wan, 'beijing', [...clock, MAIN, ...serve, ...listen], env);
  };
  const ask = await openCalls(wan);
  let service = await startService({});
  const token = await ask('POST', '/v1/tokens', { name: 'agent', role: 'agent', site: 'us-east' });
  const agentAt = ['agent', '--site', 'us-east', '--data', join(folder, 'agent'), '--listen', '127.0.0.1:8081'];
  const agentEnv = {
    ENTREPOT_URL: 'http://beijing:8080',
    ENTREPOT_TOKEN: String((token.body as { token: string }).token),
  };
  const agent = await startOn(wan, 'useast', [MAIN, ...agentAt], agentEnv);

  const send: BenchmarkWorld['send'] = async (method, path, body) => (await ask(method, path, body)) as Answer;
  const get = async (id: string) => (await send('GET', `/v1/benchmarks/${id}`)).body as Campaign;
  const begin: BenchmarkWorld['begin'] = async (request) => {
    const { status, body } = await send('POST', '/v1/benchmarks', request);
    if (status !== 202) throw new Error(`the campaign was answered ${status}: ${JSON.stringify(body)}`);
    return body as Campaign;
  };
  const until: BenchmarkWorld['until'] = (id, isSo, deadlineMs) =>
    eventually(
      async () => {
        const campaign = await get(id);
        if (!isSo(campaign)) throw new Error(JSON.stringify(campaign));
        return campaign;
      },
      // Each question takes processor time from what is measured, and there are several laboratories.
      { deadlineMs, everyMs: LOOK_MS, what: `the campaign in ${name}` },
    );
  const samples: BenchmarkWorld['samples'] = async (id) => {
    const { body } = await send('GET', `/v1/benchmarks/${id}/samples?limit=500`);
    return body.items as RawSample[];
  };
  const measure = async (request: Record<string, unknown>, deadlineMs: number) => {
    const { id } = await begin(request);
    await until(id, ({ state }) => state === 'finished', deadlineMs);
    return id;
  };
  return {
    name,
    wan,
    agent,
    // What is being written has another name yet.
    keptByAgent: async () => (await readdir(join(folder, 'agent', 'samples'))).filter((name) => name.endsWith('.json')),
    async restart(change) {
      await service.stop();
      await holdCongestionControl(wan, change.congestionControl);
      service = await startService(change);
    },
    send,
    read: async (path) => (await ask('GET', path)) as Text,
    begin,
    until,
    measure: async (request, deadlineMs) => samples(await measure(request, deadlineMs)),
    samples,
    async compareFlows(registries) {
      const request = { legs: ['upload'], registries, rounds: 1, payloads: ['100kB'], idle: '200ms', flows: true };
      // Where the machine was too busy to tell, once more.
      for (let left = 2; ; left -= 1) {
        const id = await measure(request, 60_000 * registries.length);
        const { body } = await send('GET', `/v1/benchmarks/${id}/report`);
        const read = (body as unknown as ReportAnswer).series.map(({ registry, flows }) => ({ registry, ...flows }));
        if (left === 1 || !read.some(({ sentence }) => sentence.includes('too busy'))) return read;
      }
    },
    bothLegs: { legs: ['upload', 'download'], sites: ['us-east'] },
    async restoreLink(link) {
      const { there, back } = findLink(wan, link);
      await wan.change(link, there, 'there');
      await wan.change(link, back, 'back');
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function findLink({ world }: Wan, name: string) {
  const link = world.links.find((one) => one.name === name);
  if (link === undefined) throw new Error(`${world.name} has no link ${name}`);
  return link;
}

/** Calls the service from its own host; one process does it for all calls. */
async function openCalls(wan: Wan) {
  const { child } = await startOn(wan, 'beijing', [join(SUPPORT, 'wan/call-lines.ts')]);
  if (child.stdout === null || child.stdin === null) throw new Error('it has no ends');
  const { stdin } = child;
  const waiting = new Map<number, PromiseWithResolvers<{ status: number; body: unknown }>>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, error, ...answer } = JSON.parse(line) as { id: number; error?: string; status: number; body: unknown };
    if (error === undefined) waiting.get(id)?.resolve(answer);
    else waiting.get(id)?.reject(new Error(error));
    waiting.delete(id);
  });
  let last = 0;
  return (method: string, path: string, body?: unknown) => {
    const id = ++last;
    const answer = Promise.withResolvers<{ status: number; body: unknown }>();
    waiting.set(id, answer);
    stdin.write(`${JSON.stringify({ id, method, url: `${SERVICE}${path}`, token: TEST_TOKEN, body })}\n`);
    return answer.promise;
  };
}

/** What a route locks no program can set otherwise (ip-route(8), `congctl lock`). */
async function holdCongestionControl(wan: Wan, algorithm: string | undefined): Promise<void> {
  const lock = algorithm === undefined ? '' : `congctl lock ${algorithm}`;
  const script = `ip -4 route show | sed 's/ congctl.*//' | while read -r route; do ip route replace $route ${lock}; done`;
  await wan.run('beijing', 'sh', ['-ec', script]);
}
