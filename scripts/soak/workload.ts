import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { pushImage, seedImage } from '../../test/support/seed-image.ts';
import type { Answer } from '../../test/support/service-api.ts';
import { makeImage, type TestImage } from '../../test/support/test-image.ts';
import { blobPath, layoutDocuments, tarOf } from '../../test/sync/archive/archive-builder.ts';
import type { AcknowledgedBenchmark, AcknowledgedChoice, Attempt, GivenAnswer } from './ledger.ts';
import { mayMean } from './ledger.ts';
import { Seeded } from './seeded.ts';
import { RELAYS, type SoakWorld } from './soak-world.ts';

const NAMES = ['team/app', 'team/web', 'team/jobs', 'lab/tools'];
/** A tag is pushed anew now and then. */
const RETAG_SHARE = 0.2;
const BENCHMARK = { rounds: 1, payloads: ['100kB'], idle: '200ms' };

/** Everybody who uses the service at once, and what they were told. */
export class Workload {
  readonly attempts: Attempt[] = [];
  readonly choices: AcknowledgedChoice[] = [];
  readonly benchmarks: AcknowledgedBenchmark[] = [];
  /** Answers that were wrong when they were given. */
  readonly wrong: string[] = [];
  readonly counts = { resolved: 0, pulled: 0 };
  readonly #world: SoakWorld;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];
  #made = 0;

  constructor(world: SoakWorld, seed: number) {
    this.#world = world;
    const users: readonly [name: string, everyMs: number, act: (random: Seeded) => Promise<void>][] = [
      ['registry', 500, (random) => this.#pushFromRegistry(random)],
      ['door', 900, (random) => this.#pushToDoor(random)],
      ['archive', 1_300, (random) => this.#pushArchive(random)],
      ['ops', 1_500, (random) => this.#choose(random)],
      ['bench', 8_000, () => this.#measure()],
      ['resolver', 60, (random) => this.#resolve(random)],
      ['puller', 700, (random) => this.#pull(random)],
    ];
    for (const [index, [, everyMs, act]] of users.entries())
      this.#running.push(this.#repeat(new Seeded(seed * 100 + index), everyMs, act));
  }

  get acknowledged(): number {
    const { registry, door, archive } = this.pushes;
    return registry + door + archive + this.choices.length + this.benchmarks.length;
  }

  /** Acknowledged pushes, by the way they came. */
  get pushes(): Readonly<Record<Attempt['by'], number>> {
    const count = (by: Attempt['by']) =>
      this.attempts.filter((attempt) => attempt.by === by && attempt.ackedAt !== null).length;
    return { registry: count('registry'), door: count('door'), archive: count('archive') };
  }

  /** Lets everybody finish what they have begun. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  /** What every cluster is told of every tag, once all has come to rest. */
  async askAll(): Promise<GivenAnswer[]> {
    const given: GivenAnswer[] = [];
    for (const image of new Set(this.attempts.filter(({ ackedAt }) => ackedAt !== null).map((one) => one.image))) {
      for (const cluster of ['cn-prod', 'us-east-prod']) {
        const { status, body } = await this.#world.api.resolve(image, cluster, '30s');
        if (status === 200) given.push({ image, cluster, reference: String(body.reference) });
        else this.wrong.push(`${image} for ${cluster} is answered ${status} at rest: ${JSON.stringify(body)}`);
      }
    }
    return given;
  }

  async #repeat(random: Seeded, everyMs: number, act: (random: Seeded) => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await sleep(random.between(0.5, 1.5) * everyMs, undefined, { signal: this.#stop.signal }).catch(() => {});
      if (!this.#stop.signal.aborted) await act(random);
    }
  }

  /** A call until it is answered by a service that is there: what is lost on the way is asked again, as clients do. */
  async #insist(call: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      const answer = await call().catch(() => undefined);
      if (answer !== undefined && answer.status !== 503 && answer.status !== 429) return answer;
      await sleep(100);
    }
  }

  #begin(random: Seeded, by: Attempt['by']): { attempt: Attempt; image: TestImage } {
    this.#made += 1;
    const earlier = random.next() < RETAG_SHARE ? random.pick(this.attempts) : undefined;
    const name = earlier?.name ?? random.pick(NAMES) ?? 'team/app';
    const tag = earlier?.tag ?? `v${this.#made}`;
    const image = makeImage({
      seed: `soak ${this.#made}`,
      layers: [{ size: Math.round(random.between(1_000, 900_000)) }, { size: 120_000, seed: 'base', shared: true }],
      ...(random.next() < 0.3 ? { platforms: ['linux/amd64', 'linux/arm64'] } : {}),
    });
    const attempt: Attempt = {
      image: `${name}:${tag}`,
      by,
      name,
      tag,
      digest: image.digest,
      beganAt: performance.now(),
      ackedAt: null,
      pushId: null,
    };
    this.attempts.push(attempt);
    return { attempt, image };
  }

  #take(attempt: Attempt, { status, body }: Pick<Answer, 'status' | 'body'>): void {
    if (status !== 202) {
      this.wrong.push(`the push of ${attempt.image} is answered ${status}: ${JSON.stringify(body)}`);
      return;
    }
    attempt.pushId = String(body.id);
    attempt.ackedAt = performance.now();
  }

  async #pushFromRegistry(random: Seeded): Promise<void> {
    const { attempt, image } = this.#begin(random, 'registry');
    // A tag of its own at the source: one that is put anew there meanwhile would mean another image.
    const sourceTag = `made-${this.#made}`;
    await seedImage(this.#world.source, attempt.name, sourceTag, image);
    const key = randomUUID();
    const request = { image: attempt.image, source: `harbor.bj/${attempt.name}:${sourceTag}` };
    this.#take(
      attempt,
      await this.#insist(() => this.#world.api.send('POST', '/v1/pushes', request, { 'idempotency-key': key })),
    );
  }

  async #pushArchive(random: Seeded): Promise<void> {
    const { attempt, image } = this.#begin(random, 'archive');
    const parts = [...image.blobs, ...image.manifests].map(({ digest, bytes }) => ({ name: blobPath(digest), bytes }));
    const archive = await tarOf([...parts, ...layoutDocuments([image.descriptor])]);
    const headers = { 'idempotency-key': randomUUID() };
    const query = `image=${encodeURIComponent(attempt.image)}`;
    this.#take(attempt, await this.#insist(() => this.#world.api.sendArchive(query, archive, undefined, headers)));
  }

  async #pushToDoor(random: Seeded): Promise<void> {
    const { attempt, image } = this.#begin(random, 'door');
    for (;;) {
      try {
        const id = await pushImage(this.#world.api.url, attempt.name, attempt.tag, image);
        this.#take(attempt, { status: id === undefined ? 201 : 202, body: { id } });
        return;
      } catch {
        await sleep(100);
      }
    }
  }

  async #choose(random: Seeded): Promise<void> {
    const image = random.pick(NAMES) ?? '';
    const registry = random.pick(RELAYS) ?? '';
    const path = `/v1/images/${encodeURIComponent(image)}/choice`;
    const { status, body } = await this.#insist(() => this.#world.api.send('PUT', path, { registry, reason: 'soak' }));
    if (status === 200) this.choices.push({ image, registry, revision: Number(body.revision) });
    else this.wrong.push(`the choice of ${registry} for ${image} is answered ${status}: ${JSON.stringify(body)}`);
  }

  async #measure(): Promise<void> {
    const { status, body } = await this.#insist(() => this.#world.api.send('POST', '/v1/benchmarks', BENCHMARK));
    if (status === 202) this.benchmarks.push({ id: String(body.id), samples: RELAYS.length });
    else this.wrong.push(`the benchmark is answered ${status}: ${JSON.stringify(body)}`);
  }

  /** Whatever resolve says must be true when it is said: the manifest is there, and the tag may mean it. */
  async #resolve(random: Seeded): Promise<void> {
    const attempt = random.pick(this.attempts);
    if (attempt === undefined) return;
    const cluster = random.next() < 0.5 ? 'cn-prod' : 'us-east-prod';
    const askedAt = performance.now();
    const answer = await this.#world.api.resolve(attempt.image, cluster).catch(() => undefined);
    if (answer?.status !== 200) return;
    this.counts.resolved += 1;
    const { reference, sourceDigest } = answer.body;
    const attempts = this.attempts.filter(({ image }) => image === attempt.image);
    if (!mayMean(attempts, String(sourceDigest), askedAt))
      this.wrong.push(`${attempt.image} is resolved to ${sourceDigest}, which it does not mean any more`);
    const [, address = '', path = '', digest = ''] = /^([^/]+)\/(.+)@(.+)$/.exec(String(reference)) ?? [];
    const registry = Object.values(this.#world.registries).find((one) => one.address === address);
    const there = await fetch(`${registry?.url}/v2/${path}/manifests/${digest}`, { method: 'HEAD' });
    if (there.status !== 200) this.wrong.push(`${reference} is answered ${there.status} just after it was resolved`);
  }

  /** What is pulled through the door is what its digest says, or breaks off. */
  async #pull(random: Seeded): Promise<void> {
    const attempt = random.pick(this.attempts.filter(({ ackedAt }) => ackedAt !== null));
    if (attempt === undefined) return;
    try {
      const bytes = await this.#get(`/v2/${attempt.name}/manifests/${attempt.digest}`);
      if (bytes === undefined) return;
      const { layers = [] } = JSON.parse(bytes.toString()) as { layers?: { digest: string }[] };
      const blobs = layers.map(({ digest }) => digest);
      for (const [digest, content] of [
        [attempt.digest, bytes] as const,
        ...(await Promise.all(
          blobs.map(async (blob) => [blob, await this.#get(`/v2/${attempt.name}/blobs/${blob}`)] as const),
        )),
      ]) {
        if (content === undefined) continue;
        const actual = `sha256:${createHash('sha256').update(content).digest('hex')}`;
        if (actual !== digest) this.wrong.push(`pulling ${digest} of ${attempt.image} gave ${actual}`);
        this.counts.pulled += 1;
      }
    } catch {
      // The service was killed meanwhile.
    }
  }

  async #get(path: string): Promise<Buffer | undefined> {
    const answer = await this.#world.api.fetch(path);
    return answer.ok ? Buffer.from(await answer.arrayBuffer()) : undefined;
  }
}
