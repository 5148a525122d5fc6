import type { EntrepotEvent } from '../events/event.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { Digest } from '../oci/digest.ts';
import type { PlatformSet } from '../oci/platform-set.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { IndexedDigest } from './indexed-digest.ts';

/** A push as far as answers speak of it. */
export type PushSummary = {
  readonly id: string;
  readonly name: RepositoryName;
  readonly digest: Digest | null;
  readonly platformSet: PlatformSet;
  readonly state: 'running' | 'placed' | 'partial' | 'failed' | 'cancelled';
  readonly transfers: readonly { readonly registry: string; readonly state: TransferSummaryState }[];
};

export type TransferSummaryState = 'queued' | 'running' | 'verifying' | 'waiting' | 'placed' | 'failed' | 'cancelled';

/** Where the present state of pushes is read from. */
export type PushSummarySource = {
  runningPushes(): Promise<readonly PushSummary[]>;
  findPush(id: string): Promise<PushSummary | undefined>;
};

/** Ended pushes are kept for what they can say about a release that is not placed; more than this say nothing new. */
const MAX_ENDED = 1_000;

/**
 * Which pushes are under way and which ended short, in memory, for the words of an answer: never for what it names.
 * An event only says that a push changed; its present state is then read, once for however many events came meanwhile.
 */
export class PushActivity {
  readonly #source: PushSummarySource;
  readonly #onError: (error: unknown) => void;
  readonly #unsubscribe: () => void;
  readonly #pushes = new Map<string, PushSummary>();
  readonly #byDigest = new Map<string, Set<string>>();
  readonly #ended = new Set<string>();
  /** Pushes being read, and whether there was an event since that read began. */
  readonly #reading = new Map<string, boolean>();
  /** While loading: the pushes that events spoke of meanwhile, which are read anew anyhow. */
  #heard: Set<string> | null = null;

  constructor(options: { source: PushSummarySource; events: EventBus; onError?: (error: unknown) => void }) {
    this.#source = options.source;
    this.#onError = options.onError ?? (() => {});
    this.#unsubscribe = options.events.on('*', (event) => this.#hear(event));
  }

  /** Reads what is under way; until then, and should it fail, answers say less. */
  async load(): Promise<void> {
    const heard = new Set<string>();
    this.#heard = heard;
    try {
      for (const push of await this.#source.runningPushes()) if (!heard.has(push.id)) this.#keep(push);
    } finally {
      this.#heard = null;
    }
  }

  find(pushId: string): PushSummary | undefined {
    return this.#pushes.get(pushId);
  }

  /** The push that brings a digest to a registry or, where none does, the newest that ended without. */
  findFor(
    { name, sourceDigest: digest, platformSet }: Pick<IndexedDigest, 'name' | 'sourceDigest' | 'platformSet'>,
    registry: string,
  ): { push: PushSummary; isBringing: boolean } | undefined {
    let newest: { push: PushSummary; isBringing: boolean } | undefined;
    for (const id of this.#byDigest.get(keyOf({ name, digest, platformSet })) ?? []) {
      const push = this.#pushes.get(id);
      const transfer = push?.transfers.find((leg) => leg.registry === registry);
      if (push === undefined || transfer === undefined || transfer.state === 'placed') continue;
      const isBringing = transfer.state !== 'failed' && transfer.state !== 'cancelled';
      if (newest === undefined || rank(isBringing, id) > rank(newest.isBringing, newest.push.id))
        newest = { push, isBringing };
    }
    return newest;
  }

  /** Has a push read that is not known here, so that a later answer can speak of it. */
  refresh(pushId: string): void {
    if (this.#reading.has(pushId)) this.#reading.set(pushId, true);
    else this.#read(pushId).catch(this.#onError);
  }

  close(): void {
    this.#unsubscribe();
  }

  #hear(event: EntrepotEvent): void {
    if (!('pushId' in event) || event.type === 'transfer.progress') return;
    const { pushId: id } = event;
    this.#heard?.add(id);
    if (event.type === 'push.accepted' && !this.#pushes.has(id)) {
      const { name, digest, platformSet } = event;
      this.#keep({ id, name, digest, platformSet, state: 'running', transfers: [] });
    }
    this.refresh(id);
  }

  async #read(pushId: string): Promise<void> {
    try {
      do {
        this.#reading.set(pushId, false);
        const push = await this.#source.findPush(pushId);
        if (push === undefined) this.#drop(pushId);
        else this.#keep(push);
      } while (this.#reading.get(pushId));
    } finally {
      this.#reading.delete(pushId);
    }
  }

  #keep(push: PushSummary): void {
    this.#drop(push.id);
    if (push.state === 'placed') return;
    this.#pushes.set(push.id, push);
    if (push.digest !== null) {
      const key = keyOf(push);
      this.#byDigest.set(key, (this.#byDigest.get(key) ?? new Set()).add(push.id));
    }
    if (push.state === 'running') return;
    this.#ended.add(push.id);
    const [oldest] = this.#ended;
    if (this.#ended.size > MAX_ENDED && oldest !== undefined) this.#drop(oldest);
  }

  #drop(pushId: string): void {
    const push = this.#pushes.get(pushId);
    if (push === undefined) return;
    this.#pushes.delete(pushId);
    this.#ended.delete(pushId);
    const key = keyOf(push);
    const ids = this.#byDigest.get(key);
    ids?.delete(pushId);
    if (ids?.size === 0) this.#byDigest.delete(key);
  }
}

function keyOf({ name, digest, platformSet }: Pick<PushSummary, 'name' | 'digest' | 'platformSet'>): string {
  return `${name}@${digest} ${platformSet}`;
}

/** A push that is bringing comes before one that is not, then the newer one: ids sort by creation. */
function rank(isBringing: boolean, id: string): string {
  return `${isBringing ? 1 : 0}${id}`;
}
