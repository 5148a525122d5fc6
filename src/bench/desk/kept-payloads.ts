import type { Clock } from '../../kernel/clock.ts';
import { newId } from '../../kernel/id.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { OneAtATime } from '../campaign/one-at-a-time.ts';
import type { OpenProbeClient, ProbeClient } from '../probes/probe-client.ts';
import { sendPayload } from '../probes/send-payload.ts';
import { payloadImage } from './payload-manifest.ts';
import type { KeptPayload, PayloadStore } from './payload-store.ts';

/** So long after its last use a payload is removed: whoever measures every day does not send it anew each time. */
const UNUSED_MS = 48 * 3_600_000;
const REMOVE_PATIENCE_MS = 30_000;

export type KeptPayloadsOptions = {
  readonly store: PayloadStore;
  readonly open: OpenProbeClient;
  readonly repositoryOf: (registry: string) => RepositoryName;
  readonly chunkBytes: number;
  /** Sending waits for its turn, so that no upload is measured beside it. */
  readonly oneAtATime: OneAtATime;
  readonly patienceMs: (payloadBytes: number) => number;
  readonly clock: Clock;
  /** Tells of what could not be removed; it is tried again. */
  readonly onError: (error: unknown) => void;
};

/** Blobs at registries for agents to download: one for each size and registry, sent once and used until nobody measures with it. */
export class KeptPayloads {
  readonly #options: KeptPayloadsOptions;

  constructor(options: KeptPayloadsOptions) {
    this.#options = options;
  }

  find(registry: string, payloadBytes: number): Promise<KeptPayload | undefined> {
    return this.#options.store.find(registry, payloadBytes);
  }

  /** Sends it where it is not kept yet. Rejects with the registry's failure. */
  async ensure(registry: string, payloadBytes: number, signal: AbortSignal): Promise<KeptPayload> {
    const { store, clock, oneAtATime, patienceMs } = this.#options;
    const kept = await store.find(registry, payloadBytes);
    if (kept !== undefined) {
      await store.touch(kept.id, clock.nowMs());
      return kept;
    }
    const notes = { movedBytes: 0, bodyStarted: () => {}, bodyEnded: () => {} };
    const id = newId('payload', clock.nowMs());
    try {
      const sent = await oneAtATime(() => {
        const patience = AbortSignal.timeout(patienceMs(payloadBytes));
        return this.#send(registry, payloadBytes, notes, AbortSignal.any([signal, patience]));
      });
      const payload = { ...sent, id, registry, payloadBytes, usedAt: clock.nowMs() };
      await store.add(payload);
      return payload;
    } catch (error) {
      const { movedBytes } = notes;
      if (movedBytes > 0) await store.noteFailure({ id, registry, payloadBytes, movedBytes, at: clock.nowMs() });
      throw error;
    }
  }

  /** The registry does not have it any more. */
  async forget(registry: string, payloadBytes: number): Promise<void> {
    const kept = await this.#options.store.find(registry, payloadBytes);
    if (kept !== undefined) await this.#options.store.drop(kept.id);
  }

  /** Removes what was not used for two days and is not needed by any campaign. */
  async removeUnused(isNeeded: (payload: KeptPayload) => boolean): Promise<void> {
    const { store, clock, onError } = this.#options;
    for (const payload of await store.all()) {
      if (isNeeded(payload) || clock.nowMs() - payload.usedAt < UNUSED_MS) continue;
      try {
        await this.#remove(payload);
        await store.drop(payload.id);
      } catch (error) {
        onError(error);
      }
    }
  }

  async #send(
    registry: string,
    payloadBytes: number,
    notes: Parameters<typeof sendPayload>[2],
    signal: AbortSignal,
  ): Promise<Pick<KeptPayload, 'repository' | 'digest' | 'manifest'>> {
    const { repositoryOf, chunkBytes } = this.#options;
    const repository = repositoryOf(registry);
    return this.#at(registry, async (probe) => {
      const digest = await sendPayload(probe, { repository, payloadBytes, chunkBytes, keep: true }, notes, signal);
      if (digest === null) throw new Error('the payload was not kept');
      const { config, manifest, tag } = payloadImage(digest, payloadBytes);
      const { client } = probe;
      const started = await client.startUpload(repository, { signal });
      if (started.kind === 'session') {
        const whole = { offset: 0, sizeBytes: config.bytes.byteLength, body: config.bytes };
        await client.finishUpload(started.session, config.digest, whole, { signal });
      }
      await client.putManifest(repository, tag, manifest, { signal });
      return { repository, digest, manifest: manifest.digest };
    });
  }

  async #remove({ registry, repository, digest, manifest }: KeptPayload): Promise<void> {
    const signal = AbortSignal.timeout(REMOVE_PATIENCE_MS);
    await this.#at(registry, async ({ client }) => {
      await client.deleteManifest(repository, manifest, { signal });
      // Where blobs cannot be deleted (ECR, Docker Hub) they go by themselves once no manifest names them.
      await client.deleteBlob(repository, digest, { signal }).catch(() => false);
    });
  }

  async #at<T>(registry: string, work: (probe: ProbeClient) => Promise<T>): Promise<T> {
    const probe = this.#options.open(registry, () => {});
    try {
      return await work(probe);
    } finally {
      await probe.close();
    }
  }
}
