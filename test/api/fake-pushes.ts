import { Failure } from '../../src/kernel/failure.ts';
import type { LivePush, NewPush, Pushes } from '../../src/sync/push/pushes.ts';
import { livePush } from './samples.ts';

/** Pushes kept in a map; `requests` and `archives` are what was asked. */
export class FakePushes implements Pushes {
  readonly live = new Map<string, LivePush>();
  readonly requests: (NewPush & { source?: string })[] = [];
  readonly archives: Buffer[] = [];
  readonly listed: unknown[] = [];
  failure: unknown;
  wait: (id: string, timeoutMs: number, signal: AbortSignal) => Promise<LivePush | undefined> = async (id) =>
    this.live.get(id);

  async accept(request: NewPush & { source: string }): Promise<LivePush> {
    this.requests.push(request);
    if (this.failure !== undefined) throw this.failure;
    return livePush({ name: request.name, tag: request.tag, labels: request.labels ?? {} });
  }

  async acceptArchive(request: NewPush, archive: AsyncIterable<Uint8Array>): Promise<LivePush> {
    this.requests.push(request);
    const chunks: Uint8Array[] = [];
    for await (const chunk of archive) {
      chunks.push(chunk);
      if (this.failure !== undefined) throw this.failure;
    }
    this.archives.push(Buffer.concat(chunks));
    return livePush({ source: { kind: 'archive', reference: null } });
  }

  async find(id: string) {
    return this.live.get(id);
  }

  async list(...asked: unknown[]) {
    this.listed.push(asked);
    return { items: [...this.live.values()], next: 'more' };
  }

  waitUntilFinal(id: string, timeoutMs: number, signal: AbortSignal) {
    return this.wait(id, timeoutMs, signal);
  }

  async cancel(id: string): Promise<LivePush> {
    return this.#get(id);
  }

  async retry(id: string): Promise<LivePush> {
    const live = this.#get(id);
    if (live.push.state === 'running') throw new Failure('already_finished', 'nothing is left to do');
    return live;
  }

  #get(id: string): LivePush {
    const live = this.live.get(id);
    if (live === undefined) throw new Failure('push_unknown', `there is no push ${id}`);
    return live;
  }
}
