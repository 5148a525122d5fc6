import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Push } from '../../api/schema/push-schema.ts';
import type { DemoOptions } from '../../cli/app-contract.ts';
import { formatByteSize } from '../../kernel/byte-size.ts';
import { Failure, toFailure } from '../../kernel/failure.ts';
import { parseRepositoryName } from '../../oci/repository-name.ts';
import { parseTag } from '../../oci/tag.ts';
import { DemoApi } from './demo-api.ts';
import { putDemoImage } from './demo-image.ts';
import { demoTexts as texts } from './demo-texts.ts';
import { type DemoRegistryName, DISTANCES, openDemoWorld } from './demo-world.ts';
import { pullBack } from './pull-back.ts';
import { type ServiceProcess, startService } from './service-process.ts';

const MAIN = resolve(import.meta.dirname, '../../cli/main.ts');
const NAME = parseRepositoryName('team/app');
const TAG = parseTag('1.2.3');
const IMAGE = `${NAME}:${TAG}`;
const CLUSTERS = ['cn-prod', 'us-east-prod'] as const;
/** How far the way to Singapore should be when the service is killed. */
const KILL_AT = 0.4;

/**
 * The product's main job on one machine, with everything that may go wrong on the way: distances, a connection that
 * is cut, and the service killed in the middle. Returns the exit status; tells its story on stderr, so that with
 * `json` stdout holds one object and nothing else.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const beganAt = Date.now();
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-demo-'));
  const closers: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  let step = 'starting the registries';
  try {
    say(texts.title);
    const world = await openDemoWorld(folder);
    closers.push(() => world.close());
    say(texts.world(world.urls, DISTANCES));

    step = 'making an image';
    const image = await putDemoImage(world.origin, NAME, TAG);
    say(texts.madeImage(IMAGE, image.sizeBytes, image.layers));

    step = 'starting the service';
    const dataPath = join(folder, 'data');
    let service = await startService({ configPath: world.configPath, dataPath });
    closers.push(() => service.stop());
    say(texts.service(service.url, service.pid));

    step = 'pushing the image';
    let api = new DemoApi(service.url);
    const accepted = await api.push(IMAGE, `harbor.bj/${IMAGE}`);
    say(
      texts.pushed(
        accepted.id,
        accepted.transfers.map((leg) => leg.registry),
      ),
    );

    step = 'killing the service in the middle';
    await untilPartDone(api, accepted.id, 'singapore', say);
    service = await killAndRestart(service, { configPath: world.configPath, dataPath });
    api = new DemoApi(service.url);
    say(texts.restarted(service.pid));

    step = 'waiting for the push to be placed';
    const push = await api.getPush(accepted.id, '60s');
    if (push.state !== 'placed') throw new Failure('internal', `the push is ${push.state}: ${describeLegs(push)}`);
    for (const leg of push.transfers) say(texts.leg({ ...leg, elapsedMs: elapsedBetween(push.createdAt, leg.placedAt) }));
    const bytesResent = push.transfers.reduce((sum, leg) => sum + leg.bytesResent, 0);

    step = 'resolving';
    const before = await resolveAll(api);
    say(texts.resolved);
    for (const cluster of CLUSTERS) say(texts.answer(cluster, before[cluster].reference, before[cluster].state));

    step = 'choosing another relay';
    say(texts.choosing(`entrepot choose ${NAME} japan --reason "steadier this week"`));
    const choseAt = Date.now();
    await runCli(['choose', NAME, 'japan', '--reason', 'steadier this week', '--url', service.url]);
    const meanwhile = await api.resolve(IMAGE, 'us-east-prod');
    if (meanwhile.reason !== null) say(texts.meanwhile(meanwhile.reference, meanwhile.reason));

    step = 'waiting for the new relay';
    await api.resolve(IMAGE, 'us-east-prod', '60s');
    const after = await resolveAll(api);
    if (after['us-east-prod'].registry !== 'japan') throw new Failure('internal', `resolve still answers ${after['us-east-prod'].registry}`);
    say(texts.moved(Date.now() - choseAt));
    for (const cluster of CLUSTERS) say(texts.answer(cluster, after[cluster].reference, after[cluster].state));

    step = 'pulling the image back';
    const japan: DemoRegistryName = 'japan';
    const pulledBytes = await pullBack(after['us-east-prod'].reference, world.directUrls.get(japan) ?? '');
    say(texts.checked(pulledBytes, after['us-east-prod'].reference));

    const elapsedMs = Date.now() - beganAt;
    say(`\n${texts.done(elapsedMs)}`);
    const urls = { entrepot: service.url, ...world.urls };
    if (options.json) {
      const choice = await api.getChoice(NAME);
      process.stdout.write(
        `${JSON.stringify({ push, choice, resolve: { before, after }, killedAndRecovered: true, bytesResent, elapsedMs, ...(options.keep ? { urls } : {}) }, null, 2)}\n`,
      );
    }
    if (options.keep) {
      say(texts.kept(urls, world.configPath));
      await untilInterrupted();
    }
    return 0;
  } catch (error) {
    say(texts.failed(step, toFailure(error).message));
    return 1;
  } finally {
    for (const close of closers.reverse()) await close().catch(() => {});
  }
}

async function untilPartDone(api: DemoApi, id: string, registry: string, say: (text: string) => void): Promise<void> {
  for (const endsAt = Date.now() + 30_000; Date.now() < endsAt; ) {
    const push = await api.getPush(id);
    const leg = push.transfers.find((each) => each.registry === registry);
    if (leg !== undefined && leg.bytesTotal > 0 && leg.bytesSent >= leg.bytesTotal * KILL_AT) {
      say(texts.killing(registry, formatByteSize(leg.bytesSent), Math.round((leg.bytesSent / leg.bytesTotal) * 100)));
      return;
    }
    if (push.state !== 'running') throw new Failure('internal', `the push was ${push.state} before it could be interrupted: ${describeLegs(push)}`);
    await sleep(50);
  }
  throw new Failure('timed_out', `the way to ${registry} did not come to ${KILL_AT * 100} % in 30 s`);
}

async function killAndRestart(service: ServiceProcess, options: { configPath: string; dataPath: string }): Promise<ServiceProcess> {
  await service.kill();
  return startService({ ...options, port: Number(new URL(service.url).port) });
}

async function resolveAll(api: DemoApi): Promise<Record<(typeof CLUSTERS)[number], Awaited<ReturnType<DemoApi['resolve']>>>> {
  const [cn, us] = await Promise.all(CLUSTERS.map((cluster) => api.resolve(IMAGE, cluster)));
  if (cn === undefined || us === undefined) throw new Failure('internal', 'a cluster got no answer');
  return { 'cn-prod': cn, 'us-east-prod': us };
}

/** Runs one command of the CLI as a person would, its output among the demo's own. */
async function runCli(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.on('data', (text) => process.stderr.write(String(text).replace(/^(?=.)/gm, '  ')));
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Failure('internal', `entrepot ${args.join(' ')} ended with ${code}`);
}

function describeLegs(push: Push): string {
  return push.transfers.map((leg) => `${leg.registry} ${leg.state}${leg.error === null ? '' : ` (${leg.error.detail})`}`).join(', ');
}

function elapsedBetween(from: string, to: string | null): number {
  return to === null ? 0 : Date.parse(to) - Date.parse(from);
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolveWait) => {
    process.once('SIGINT', () => resolveWait());
    process.once('SIGTERM', () => resolveWait());
    setInterval(() => {}, 2 ** 30);
  });
}
