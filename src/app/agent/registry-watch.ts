import type { RegistryFailover } from '../../choice/registry-failover.ts';
import { isFailure, toFailure } from '../../kernel/failure.ts';
import { FAILURE_CODES } from '../../kernel/failure-codes.ts';
import type { AgentContext, AgentPart } from './agent-part.ts';
import type { SiteRegistries } from './site-registries.ts';

const LONGEST_PAUSE_MS = 10_000;
const SHORTEST_PAUSE_MS = 250;
const PATIENCE_MS = 5_000;

/** Looks at the site's registries from here, so that one that fails is passed over. */
export function openRegistryWatch(
  { log, clock }: Pick<AgentContext, 'log' | 'clock'>,
  registries: Pick<SiteRegistries, 'all'>,
  failover: RegistryFailover,
  onChange: () => void,
): AgentPart {
  const closing = new AbortController();
  let watching: Promise<void> = Promise.resolve();

  async function look(name: string, ping: (signal: AbortSignal) => Promise<void>): Promise<void> {
    let failure: string | null = null;
    try {
      await ping(AbortSignal.any([closing.signal, AbortSignal.timeout(PATIENCE_MS)]));
    } catch (error) {
      if (closing.signal.aborted) return;
      failure = failureOf(error);
    }
    if (!failover.note(name, failure, clock.elapsedMs())) return;
    if (failover.find(name) === undefined) log.info({ event: 'registry used again', registry: name });
    else log.warn({ event: 'registry passed over', registry: name, error: failure });
    onChange();
  }

  async function watch(): Promise<void> {
    while (!closing.signal.aborted) {
      await Promise.all(
        registries.all().map(({ entry, client }) => look(entry.name, (signal) => client.ping({ signal }))),
      );
      // Several looks within either time, so that one lost packet decides nothing.
      const pauseMs = Math.min(failover.afterMs, failover.backMs) / 6;
      const boundedMs = Math.max(SHORTEST_PAUSE_MS, Math.min(LONGEST_PAUSE_MS, pauseMs));
      await clock.sleep(boundedMs, closing.signal).catch(() => {});
    }
  }

  return {
    name: 'registry watch',
    async start() {
      watching = watch();
    },
    async close() {
      closing.abort();
      await watching;
    },
  };
}

/** What is wrong with a registry; null where it answers, be it only that it wants other credentials. */
function failureOf(error: unknown): string | null {
  const { code, message } = toFailure(error);
  if (!isFailure(error) || code === 'cancelled') return 'it does not answer in time';
  return FAILURE_CODES[code].fault === 'remote' || code === 'tls_failed' ? message : null;
}
