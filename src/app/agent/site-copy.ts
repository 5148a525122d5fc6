import { join } from 'node:path';
import type { Snapshot } from '../../api/schema/snapshot-schema.ts';
import { CopiedAnswers } from '../../choice/copied-answers.ts';
import { RegistryFailover } from '../../choice/registry-failover.ts';
import { Failure, isFailure, toFailure } from '../../kernel/failure.ts';
import { isConfirmedBy } from '../snapshot/snapshot-key.ts';
import type { AgentContext, AgentPart } from './agent-part.ts';
import { readWhole, writeWhole } from './copy-files.ts';
import { readSnapshot, toSiteAnswers } from './read-snapshot.ts';
import { readDetail } from './service-link.ts';
import type { SiteUses } from './site-uses.ts';

/**
 * How long each question lets the service wait for news. Short, because a border that swallows packets is noticed
 * only by an answer that does not come, and the copy is to be current within seconds of its mending.
 */
const WAIT_MS = 2_000;
const PAUSE_MS = 250;
/** Who is not let in is not let in a moment later either: somebody has to give the agent another token. */
const PAUSE_UNKNOWN_MS = 5_000;
/** How often a confirmation without news is noted on disk. */
const NOTE_EVERY_MS = 30_000;

/** The site's copy of the answers: in memory, on disk, and followed. */
export type SiteCopy = AgentPart & {
  readonly answers: CopiedAnswers;
  readonly failover: RegistryFailover;
  readonly snapshot: Snapshot | undefined;
  /** Told each time there is a new copy; also of the one that was on disk. */
  onSnapshot(listener: (snapshot: Snapshot) => void): void;
};

export function openSiteCopy(context: AgentContext, uses: Pick<SiteUses, 'note'>): SiteCopy {
  return new FollowedCopy(context, uses);
}

class FollowedCopy implements SiteCopy {
  readonly name = 'copy';
  readonly failover = new RegistryFailover({ afterMs: 180_000, backMs: 900_000 });
  readonly answers: CopiedAnswers;
  readonly #context: AgentContext;
  readonly #closing = new AbortController();
  readonly #listeners: ((snapshot: Snapshot) => void)[] = [];
  readonly #paths: { snapshot: string; confirmed: string; key: string };
  #snapshot: Snapshot | undefined;
  #publicKey: string | undefined;
  #notedAtMs = Number.NEGATIVE_INFINITY;
  #following: Promise<void> = Promise.resolve();
  #lastTrouble = '';

  constructor(context: AgentContext, uses: Pick<SiteUses, 'note'>) {
    const { folder } = context;
    this.#context = context;
    this.answers = new CopiedAnswers({
      failover: this.failover,
      clock: context.clock,
      onResolved: (cluster, resolution) => uses.note(cluster, resolution),
    });
    this.#paths = {
      snapshot: join(folder, 'snapshot.json'),
      confirmed: join(folder, 'confirmed.json'),
      key: join(folder, 'service-key'),
    };
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  onSnapshot(listener: (snapshot: Snapshot) => void): void {
    this.#listeners.push(listener);
  }

  async start(): Promise<void> {
    this.#publicKey = readWhole(this.#paths.key)?.toString('utf8').trim();
    this.#readDisk();
    this.#following = this.#follow();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#following;
    this.answers.close();
  }

  #readDisk(): void {
    const { log, site } = this.#context;
    const bytes = readWhole(this.#paths.snapshot);
    if (bytes === undefined || this.#publicKey === undefined) return;
    try {
      const snapshot = readSnapshot(bytes, site, this.#publicKey);
      this.#take(snapshot);
      const confirmed = parseConfirmed(readWhole(this.#paths.confirmed), site);
      if (confirmed?.revision === snapshot.revision && isConfirmedBy(confirmed, this.#publicKey))
        this.answers.confirm(Date.parse(confirmed.asOf));
      log.info({ event: 'copy read', revision: snapshot.revision, answers: snapshot.answers.length });
    } catch (error) {
      log.error({ event: 'copy on disk refused', error: toFailure(error).message });
    }
  }

  async #follow(): Promise<void> {
    const { clock } = this.#context;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#ask(signal);
        this.#tell('');
      } catch (error) {
        if (signal.aborted) return;
        this.#tell(toFailure(error).message);
        const pauseMs = isFailure(error, 'unauthenticated') ? PAUSE_UNKNOWN_MS : PAUSE_MS;
        await clock.sleep(pauseMs, signal).catch(() => {});
      }
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { service, site } = this.#context;
    const known = this.#snapshot?.revision;
    const query = known === undefined ? '' : `&after=${known}&wait=${WAIT_MS}ms`;
    const path = `/v1/snapshot?site=${encodeURIComponent(site)}${query}`;
    const answer = await service.request({
      method: 'GET',
      path,
      signal,
      ...(known === undefined ? {} : { waitMs: WAIT_MS }),
    });
    if (answer.status === 304 && known !== undefined) {
      this.#confirm(known, answer.headers);
      return;
    }
    if ([401, 403, 429].includes(answer.status)) {
      const why = readDetail(answer.body);
      throw new Failure(
        'unauthenticated',
        `the service does not let this agent in (${answer.status}): ${why}; ENTREPOT_TOKEN must be a token of role agent for site ${site}, or ENTREPOT_CLIENT_CERT a certificate that the service lets in as one`,
      );
    }
    if (answer.status !== 200) {
      throw new Error(`GET ${path} was answered ${answer.status}: ${readDetail(answer.body)}`);
    }
    const snapshot = readSnapshot(answer.body, site, this.#publicKey);
    if (this.#publicKey === undefined) {
      this.#publicKey = snapshot.signature.publicKey;
      writeWhole(this.#paths.key, `${this.#publicKey}\n`);
    }
    writeWhole(this.#paths.snapshot, answer.body);
    this.#take(snapshot);
  }

  #confirm(revision: number, headers: Readonly<Record<string, string>>): void {
    const { site, clock } = this.#context;
    const confirmed = {
      site,
      revision,
      asOf: headers['entrepot-as-of'] ?? '',
      signature: headers['entrepot-signature'] ?? '',
    };
    if (this.#publicKey === undefined || !isConfirmedBy(confirmed, this.#publicKey))
      throw new Error('the service confirmed the copy without a right signature');
    const asOf = Date.parse(confirmed.asOf);
    // A confirmation that was held back on the way says less than is known.
    if (asOf <= (this.answers.asOf ?? 0)) return;
    this.answers.confirm(asOf);
    if (clock.elapsedMs() - this.#notedAtMs < NOTE_EVERY_MS) return;
    this.#notedAtMs = clock.elapsedMs();
    writeWhole(this.#paths.confirmed, JSON.stringify(confirmed));
  }

  #take(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.failover.afterMs = snapshot.failover.afterMs;
    this.failover.backMs = snapshot.failover.backMs;
    const clusters = snapshot.clusters.map(({ name }) => name);
    this.answers.take({ clusters, answers: toSiteAnswers(snapshot) }, Date.parse(snapshot.asOf));
    for (const listener of this.#listeners) listener(snapshot);
  }

  /** Trouble is told when it begins, when it changes and when it is over, not at each try. */
  #tell(trouble: string): void {
    if (trouble === this.#lastTrouble) return;
    const { log } = this.#context;
    if (trouble === '') log.info({ event: 'service reached again' });
    else {
      const { asOf } = this.answers;
      log.warn({
        event: 'service out of reach',
        error: trouble,
        asOf: asOf === null ? null : new Date(asOf).toISOString(),
      });
    }
    this.#lastTrouble = trouble;
  }
}

function parseConfirmed(
  bytes: Buffer | undefined,
  site: string,
): { site: string; revision: number; asOf: string; signature: string } | undefined {
  if (bytes === undefined) return undefined;
  const { revision, asOf, signature } = JSON.parse(bytes.toString('utf8'));
  return { site, revision: Number(revision), asOf: String(asOf), signature: String(signature) };
}
