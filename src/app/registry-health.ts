import type { HealthSource, RegistryHealth } from '../api/api-services.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { Clock } from '../kernel/clock.ts';
import { toFailure } from '../kernel/failure.ts';
import type { World } from '../regions/world.ts';
import type { RegistryDirectory } from '../sync/push/registry-directory.ts';

const ASK_EVERY_MS = 60_000;
const PATIENCE_MS = 15_000;

/** How each registry answered when it was last asked; asked once a minute, each on its own. */
export class RegistryHealthWatch {
  readonly #options: { world: World; directory: RegistryDirectory; events: EventBus; clock: Clock };
  readonly #health = new Map<string, RegistryHealth>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { world: World; directory: RegistryDirectory; events: EventBus; clock: Clock }) {
    this.#options = options;
  }

  start(): void {
    this.#askAll();
    this.#timer = setInterval(() => this.#askAll(), ASK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stop.abort();
  }

  registries(): ReadonlyMap<string, RegistryHealth> {
    return this.#health;
  }

  #askAll(): void {
    for (const entry of this.#options.world.registries) if (entry.enabled) void this.#ask(entry.name);
  }

  async #ask(name: string): Promise<void> {
    const { directory, events, clock } = this.#options;
    let reason: string | null = null;
    try {
      await directory
        .registry(name)
        ?.target.client.ping({ signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(PATIENCE_MS)]) });
    } catch (error) {
      reason = toFailure(error).message;
    }
    if (this.#stop.signal.aborted) return;
    const before = this.#health.get(name);
    this.#health.set(name, { healthy: reason === null, reason, checkedAt: clock.nowMs() });
    if (before?.healthy !== (reason === null))
      events.emit({ type: 'registry.health', registry: name, healthy: reason === null, reason });
  }
}

/** Registries as they were last seen, and the process itself. */
export function healthSource(watch: RegistryHealthWatch, isReady: () => boolean): HealthSource {
  return {
    registries: () => watch.registries(),
    readiness: () =>
      isReady() ? { ready: true, reasons: [] } : { ready: false, reasons: ['the service is starting or stopping'] },
  };
}
