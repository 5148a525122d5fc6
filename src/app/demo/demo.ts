import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Choice } from '../../api/schema/choice-schema.ts';
import type { Push } from '../../api/schema/push-schema.ts';
import type { DemoOptions } from '../../cli/app-contract.ts';
import { readEnvironment } from '../../config/environment.ts';
import { formatByteSize } from '../../kernel/byte-size.ts';
import { Failure, toFailure } from '../../kernel/failure.ts';
import type { Secret } from '../../kernel/secret.ts';
import { parseRepositoryName } from '../../oci/repository-name.ts';
import { parseTag } from '../../oci/tag.ts';
import { AdminTokenFile } from '../access/admin-token-file.ts';
import { answerTexts, type ClusterAnswers, resolveAll } from './cluster-answers.ts';
import { DemoApi } from './demo-api.ts';
import { putDemoImage } from './demo-image.ts';
import { demoTexts as texts } from './demo-texts.ts';
import {
  DEFAULT_RELAY,
  type DemoWorld,
  DISTANCES,
  FAR_SITE,
  ONWARD_DISTANCES,
  openDemoWorld,
  roleOf,
} from './demo-world.ts';
import { watchInterrupts } from './interrupts.ts';
import { chooseRecommended, type Measured, measureRelays } from './measure-relays.ts';
import { pullBack } from './pull-back.ts';
import { type ServiceProcess, type ServiceProcessOptions, startAgent, startService } from './service-process.ts';

const NAME = parseRepositoryName('team/app');
const TAG = parseTag('1.2.3');
const IMAGE = `${NAME}:${TAG}`;
/** How far the way to the chosen relay should be when the service is killed. */
const KILL_AT = 0.4;
const KEPT_COMPLAINTS = 5;
const MAX_COMPLAINT = 300;

/** What `--json` prints; `urls` only with `--keep`. */
type DemoReport = {
  push: Push;
  choice: Choice;
  /** What was measured, and what it advises. */
  measured: Measured;
  resolve: { before: ClusterAnswers; after: ClusterAnswers };
  killedAndRecovered: true;
  bytesResent: number;
  elapsedMs: number;
  urls?: Readonly<Record<string, string>>;
};

/**
 * The product's main job on one machine, with everything that may go wrong on the way: distances, a connection that
 * is cut, and the service killed in the middle. Returns the exit status; tells its story on stderr, so that with
 * `json` stdout holds one object and nothing else. Ended by a signal or not, it leaves nothing behind.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  using interrupts = watchInterrupts();
  const demo = new Demo(interrupts.signal);
  try {
    const report = await demo.run();
    if (options.json) {
      const { urls, ...rest } = report;
      process.stdout.write(`${JSON.stringify({ ...rest, ...(options.keep ? { urls } : {}) }, null, 2)}\n`);
    }
    if (options.keep) {
      say(texts.kept(report.urls, demo.configPath, demo.tokenCommand));
      await interrupts.untilInterrupted();
      return 0;
    }
    if (!options.json) say(texts.hint);
    return 0;
  } catch (error) {
    if (interrupts.received !== undefined) {
      await demo.close();
      say(texts.interrupted(interrupts.received.name));
      return interrupts.received.exitStatus;
    }
    say(texts.failed(demo.step, toFailure(error).message));
    if (demo.complaints.length > 0) say(texts.lastLog(demo.complaints));
    return 1;
  } finally {
    await demo.close();
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

class Demo {
  readonly #signal: AbortSignal;
  readonly #closers: (() => Promise<void>)[] = [];
  readonly complaints: string[] = [];
  step = 'starting the registries';
  configPath = '';
  /** What prints the service's token. */
  tokenCommand = '';

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async run(): Promise<DemoReport & { urls: Readonly<Record<string, string>> }> {
    const beganAt = performance.now();
    const folder = await mkdtemp(join(tmpdir(), 'entrepot-demo-'));
    this.#closers.push(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
    const world = await this.#openWorld(folder);
    await this.#makeImage(world);

    say(texts.starting);
    this.#begin('starting the service');
    let service: ServiceProcess | undefined;
    this.#closers.push(async () => service?.stop());
    const start: ServiceProcessOptions = {
      configPath: world.configPath,
      dataPath: join(folder, 'data'),
      signal: this.#signal,
      onLog: (line) => this.#noteComplaint(line),
    };
    service = await startService(start);
    say(texts.service(service.url, service.pid));
    const token = readAdminToken(start.dataPath);
    this.tokenCommand = texts.tokenCommand(
      new AdminTokenFile(start.dataPath).path,
      readEnvironment().adminToken !== undefined,
    );
    const api = new DemoApi(service.url, token, this.#signal);

    this.#begin('pushing the image');
    const accepted = await api.push(IMAGE, `harbor.bj/${IMAGE}`);
    const targets = accepted.transfers.map((leg) => leg.registry);
    say(texts.pushed(accepted.id, targets));

    this.#begin('killing the service in the middle');
    await this.#untilPartDone(api, accepted.id, DEFAULT_RELAY);
    await service.kill();
    this.#begin('starting the service again');
    service = await startService({ ...start, port: Number(new URL(service.url).port) });
    say(texts.restarted(service.pid));
    const agent = this.#startAgent(api, service.url, folder);

    this.#begin('waiting until the image is placed');
    const push = await api.getPush(accepted.id, '60s');
    if (push.state !== 'placed') throw new Failure('internal', `the push is ${push.state}: ${describeLegs(push)}`);
    for (const leg of push.transfers)
      say(texts.leg({ ...leg, elapsedMs: elapsedBetween(push.createdAt, leg.placedAt) }));

    this.#begin('resolving');
    const before = await resolveAll(api, IMAGE);
    say(texts.resolved);
    for (const line of answerTexts(before)) say(line);

    this.#begin(`starting the agent at ${FAR_SITE}`);
    const { pid } = await agent;
    this.#begin('measuring the relays');
    const ways = { url: service.url, token, say, signal: this.#signal };
    const measured = await measureRelays(api, { ...ways, agentPid: pid });
    this.#begin('choosing the recommended relay');
    const choseAt = performance.now();
    await chooseRecommended(NAME, ways);
    const after = await this.#untilMoved(api, measured.recommendation.registry, choseAt);

    this.#begin('pulling the image back');
    say(texts.checking);
    const { reference } = after['us-east-prod'];
    const pulledBytes = await pullBack(reference, world.directUrlOf(after['us-east-prod'].registry), this.#signal);
    say(texts.checked(pulledBytes, reference));

    this.#begin('reading the choice');
    const choice = await api.getChoice(NAME);
    const elapsedMs = Math.round(performance.now() - beganAt);
    say(texts.done(elapsedMs));
    return {
      push,
      choice,
      measured,
      resolve: { before, after },
      killedAndRecovered: true,
      bytesResent: push.transfers.reduce((sum, leg) => sum + leg.bytesResent, 0),
      elapsedMs,
      urls: { entrepot: service.url, ...world.urls },
    };
  }

  /** Ends all that was started, the last first. */
  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close().catch(() => {});
  }

  /** While the image crosses, so that nobody waits for it. */
  #startAgent(api: DemoApi, serviceUrl: string, folder: string): Promise<ServiceProcess> {
    const start = async () =>
      startAgent({
        ...{ site: FAR_SITE, serviceUrl, token: await api.makeAgentToken(FAR_SITE), signal: this.#signal },
        dataPath: join(folder, 'agent'),
        onLog: (line) => this.#noteComplaint(line),
      });
    const started = start();
    this.#closers.push(async () => (await started).stop());
    // Told once it is waited for.
    started.catch(() => {});
    return started;
  }

  #begin(step: string): void {
    this.#signal.throwIfAborted();
    this.step = step;
  }

  async #openWorld(folder: string): Promise<DemoWorld> {
    say(texts.title);
    const world = await openDemoWorld(folder);
    this.#closers.push(() => world.close());
    this.configPath = world.configPath;
    say(
      texts.world(
        world.urls,
        DISTANCES,
        ONWARD_DISTANCES,
        Object.fromEntries(Object.keys(world.urls).map((name) => [name, texts.roles[roleOf(name)]])),
      ),
    );
    return world;
  }

  async #makeImage(world: DemoWorld): Promise<void> {
    this.#begin('making an image');
    say(texts.making);
    const image = await putDemoImage(world.origin, NAME, TAG);
    say(texts.madeImage(IMAGE, image.sizeBytes, image.layers));
  }

  async #untilPartDone(api: DemoApi, id: string, registry: string): Promise<void> {
    for (const endsAt = Date.now() + 30_000; Date.now() < endsAt; ) {
      const push = await api.getPush(id);
      const leg = push.transfers.find((each) => each.registry === registry);
      if (leg !== undefined && leg.bytesTotal > 0 && leg.bytesSent >= leg.bytesTotal * KILL_AT) {
        say(texts.killing(registry, formatByteSize(leg.bytesSent), Math.round((leg.bytesSent / leg.bytesTotal) * 100)));
        return;
      }
      if (push.state !== 'running')
        throw new Failure(
          'internal',
          `the push was ${push.state} before it could be interrupted: ${describeLegs(push)}`,
        );
      await sleep(50, undefined, { signal: this.#signal });
    }
    throw new Failure('timed_out', `the way to ${registry} did not come to ${KILL_AT * 100} % in 30 s`);
  }

  async #untilMoved(api: DemoApi, chosen: string | null, choseAt: number): Promise<ClusterAnswers> {
    const meanwhile = await api.resolve(IMAGE, 'us-east-prod');
    if (meanwhile.reason !== null) say(texts.meanwhile(meanwhile.reference, meanwhile.reason));

    this.#begin('waiting for the new relay');
    await api.resolve(IMAGE, 'us-east-prod', '60s');
    const after = await resolveAll(api, IMAGE);
    const { registry } = after['us-east-prod'];
    if (registry !== chosen) throw new Failure('internal', `resolve still answers ${registry}`);
    say(texts.moved(performance.now() - choseAt));
    for (const line of answerTexts(after)) say(line);
    return after;
  }

  #noteComplaint(line: Record<string, unknown>): void {
    if (line.level !== 'error' && line.level !== 'fatal') return;
    this.complaints.push(JSON.stringify(line).slice(0, MAX_COMPLAINT));
    this.complaints.splice(0, this.complaints.length - KEPT_COMPLAINTS);
  }
}

/** The one that the environment presets, else the one that the service has written at its first start. */
function readAdminToken(dataPath: string): Secret {
  const token = readEnvironment().adminToken ?? new AdminTokenFile(dataPath).read();
  if (token === undefined) throw new Failure('internal', 'the service has not written its first token');
  return token;
}

function describeLegs(push: Push): string {
  return push.transfers
    .map((leg) => `${leg.registry} ${leg.state}${leg.error === null ? '' : ` (${leg.error.detail})`}`)
    .join(', ');
}

function elapsedBetween(from: string, to: string | null): number {
  return to === null ? 0 : Date.parse(to) - Date.parse(from);
}
