import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Snapshot } from '../../api/schema/snapshot-schema.ts';
import { toFailure } from '../../kernel/failure.ts';
import { type Digest, digestAlgorithm, digestHex, digestOf, parseDigest } from '../../oci/digest.ts';
import { type Manifest, parseManifest } from '../../oci/manifest.ts';
import { parseImageReference } from '../../oci/reference.ts';
import type { ImagePulls, ManifestShelf } from '../../pull/image-pulls.ts';
import type { AgentContext, AgentPart } from './agent-part.ts';
import { readWhole, writeWhole } from './copy-files.ts';

/** What could not be read is tried again after this. */
const AGAIN_MS = 10_000;

/** The manifests of everything that the site can be answered, on disk, so that pulls begin here. */
export class KeptManifests implements AgentPart, ManifestShelf {
  readonly name = 'manifests';
  readonly #context: Pick<AgentContext, 'folder' | 'log' | 'clock'>;
  readonly #pullsOf: (cluster: string) => ImagePulls;
  readonly #closing = new AbortController();
  #wanted: Snapshot | undefined;
  #work: Promise<void> | null = null;

  constructor(context: Pick<AgentContext, 'folder' | 'log' | 'clock'>, pullsOf: (cluster: string) => ImagePulls) {
    this.#context = context;
    this.#pullsOf = pullsOf;
  }

  async start(): Promise<void> {}

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#work;
  }

  /** Fetches what a new copy names and is not kept yet, in the background. */
  want(snapshot: Snapshot): void {
    this.#wanted = snapshot;
    this.#work ??= this.#fetchAll().finally(() => {
      this.#work = null;
    });
  }

  find(digest: Digest): Manifest | undefined {
    const bytes = readWhole(this.#path(digest));
    if (bytes === undefined || digestOf(bytes, digestAlgorithm(digest)) !== digest) return undefined;
    return parseManifest(bytes, undefined, digestAlgorithm(digest));
  }

  keep(manifest: Manifest): void {
    writeWhole(this.#path(manifest.digest), manifest.bytes);
  }

  #path(digest: Digest): string {
    return join(this.#context.folder, 'manifests', digestAlgorithm(digest), digestHex(digest));
  }

  async #fetchAll(): Promise<void> {
    const { clock, log } = this.#context;
    while (this.#wanted !== undefined && !this.#closing.signal.aborted) {
      const snapshot = this.#wanted;
      const needed = new Set<string>();
      let missing = 0;
      for (const { cluster, image, answer } of snapshot.answers) {
        if (answer === null) continue;
        if (this.#closing.signal.aborted) return;
        const { name } = parseImageReference(image);
        try {
          await this.#fetchTree(this.#pullsOf(cluster), name, parseDigest(answer.digest), needed);
        } catch (error) {
          missing += 1;
          log.debug({ event: 'manifest not kept yet', image, error: toFailure(error).message });
        }
      }
      if (this.#wanted !== snapshot) continue;
      if (missing === 0) {
        this.#wanted = undefined;
        await this.#dropOthers(needed);
      } else await clock.sleep(AGAIN_MS, this.#closing.signal).catch(() => {});
    }
  }

  async #fetchTree(
    pulls: ImagePulls,
    name: Parameters<ImagePulls['findManifest']>[0],
    digest: Digest,
    needed: Set<string>,
  ): Promise<void> {
    if (needed.has(digestHex(digest))) return;
    const manifest = await pulls.findManifest(name, digest);
    needed.add(digestHex(digest));
    if (manifest?.kind !== 'index') return;
    for (const child of manifest.manifests) await this.#fetchTree(pulls, name, child.digest, needed);
  }

  /** Files of manifests that nothing answers any more. */
  async #dropOthers(needed: ReadonlySet<string>): Promise<void> {
    const folder = join(this.#context.folder, 'manifests');
    for (const algorithm of ['sha256', 'sha512']) {
      const names = await readdir(join(folder, algorithm)).catch(() => []);
      for (const name of names) if (!needed.has(name)) await rm(join(folder, algorithm, name), { force: true });
    }
  }
}
