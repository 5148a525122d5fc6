import { join } from 'node:path';
import { z } from 'zod';
import { MAX_USES, type UsesReport } from '../../api/schema/uses-schema.ts';
import type { Resolution } from '../../choice/resolution.ts';
import { toFailure } from '../../kernel/failure.ts';
import type { AgentContext, AgentPart } from './agent-part.ts';
import { readWhole, writeWhole } from './copy-files.ts';
import { readServiceJson } from './service-link.ts';

const REPORT_EVERY_MS = 10_000;
/** Uses guide backfills, which look back over days: the same release of the same cluster is worth no more a minute. */
const ONCE_PER_MS = 60_000;
/** Above this a use is dropped; a site has far fewer releases. */
const MAX_KEPT = 50_000;

type Use = UsesReport['uses'][number];

const keptSchema = z.array(z.object({ cluster: z.string(), name: z.string(), digest: z.string(), at: z.string() }));

/**
 * What the site's clusters resolve here, for the service to know. While it is out of reach they are kept, on disk too,
 * the newest of each release and cluster; what could not be written yet when the agent is killed is lost.
 */
export class SiteUses implements AgentPart {
  readonly name = 'uses';
  readonly #context: Pick<AgentContext, 'site' | 'name' | 'folder' | 'service' | 'clock' | 'log'>;
  readonly #closing = new AbortController();
  readonly #kept = new Map<string, Use>();
  /** When each was noted last. */
  readonly #notedAt = new Map<string, number>();
  #isWritten = true;
  #work: Promise<void> = Promise.resolve();

  constructor(context: Pick<AgentContext, 'site' | 'name' | 'folder' | 'service' | 'clock' | 'log'>) {
    this.#context = context;
  }

  note(cluster: string, { name, sourceDigest: digest }: Pick<Resolution, 'name' | 'sourceDigest'>): void {
    const nowMs = this.#context.clock.nowMs();
    const key = `${cluster} ${name} ${digest}`;
    const last = this.#notedAt.get(key);
    // The clock may jump either way.
    if (last !== undefined && Math.abs(nowMs - last) < ONCE_PER_MS) return;
    if (this.#kept.size >= MAX_KEPT && !this.#kept.has(key)) return;
    if (this.#notedAt.size >= MAX_KEPT) this.#notedAt.clear();
    this.#notedAt.set(key, nowMs);
    this.#kept.set(key, { cluster, name, digest, at: new Date(nowMs).toISOString() });
    this.#isWritten = false;
  }

  async start(): Promise<void> {
    try {
      const kept = readWhole(this.#path);
      const uses = kept === undefined ? [] : keptSchema.parse(JSON.parse(kept.toString('utf8')));
      for (const use of uses) this.#kept.set(`${use.cluster} ${use.name} ${use.digest}`, use);
    } catch (error) {
      this.#context.log.warn({ event: 'kept uses refused', error: toFailure(error).message });
    }
    this.#work = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#work;
    this.#write();
  }

  get #path(): string {
    return join(this.#context.folder, 'uses.json');
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#context.clock.sleep(REPORT_EVERY_MS, signal).catch(() => {});
      if (signal.aborted) return;
      await this.#report(signal);
      this.#write();
    }
  }

  async #report(signal: AbortSignal): Promise<void> {
    const { service, site, name, log } = this.#context;
    while (this.#kept.size > 0) {
      const sent = [...this.#kept].slice(0, MAX_USES);
      const path = `/v1/agents/${encodeURIComponent(name)}/uses`;
      try {
        const json: UsesReport = { site, uses: sent.map(([, use]) => use) };
        readServiceJson(await service.request({ method: 'POST', path, json, signal }), `POST ${path}`);
      } catch (error) {
        // That the service is out of reach is told by whoever follows it.
        log.debug({ event: 'uses not reported yet', kept: this.#kept.size, error: toFailure(error).message });
        return;
      }
      for (const [key, use] of sent) if (this.#kept.get(key) === use) this.#kept.delete(key);
      this.#isWritten = false;
    }
  }

  #write(): void {
    if (this.#isWritten) return;
    try {
      writeWhole(this.#path, JSON.stringify([...this.#kept.values()]));
      this.#isWritten = true;
    } catch (error) {
      this.#context.log.warn({ event: 'uses not written', error: toFailure(error).message });
    }
  }
}
