import type { RepositoryName } from '../../oci/repository-name.ts';
import type { OpenHash } from '../../oci/stream-hash.ts';
import { findFile, findStat } from './folder-files.ts';
import type { FolderPaths } from './folder-paths.ts';
import { UploadHash } from './upload-hash.ts';
import type { UploadSession } from './upload-session.ts';

const SESSION_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Kept at most; a session that is pushed out costs one reading of its bytes when it goes on. */
const MAX_REMEMBERED = 2_000;

type Facts = Pick<UploadSession, 'repository' | 'algorithm' | 'sizeBytes'>;

/** The upload sessions that were used lately, and the others from their files. */
export class SessionMemory {
  readonly #paths: FolderPaths;
  readonly #openHash: OpenHash;
  readonly #sessions = new Map<string, UploadSession>();

  constructor(paths: FolderPaths, openHash: OpenHash) {
    this.#paths = paths;
    this.#openHash = openHash;
  }

  add(id: string, facts: Facts): UploadSession {
    const hash = new UploadHash(this.#paths.uploadData(id), this.#openHash);
    const session: UploadSession = { ...facts, hash, synced: Promise.resolve(), holder: undefined };
    this.#sessions.set(id, session);
    this.#makeRoom(session);
    return session;
  }

  async find(repository: RepositoryName, id: string): Promise<UploadSession | undefined> {
    if (!SESSION_ID.test(id)) return undefined;
    const session = this.#sessions.get(id) ?? (await this.#recall(id));
    return session?.repository === repository ? session : undefined;
  }

  has(id: string): boolean {
    return this.#sessions.has(id);
  }

  isAtWork(id: string): boolean {
    return this.#sessions.get(id)?.holder !== undefined;
  }

  all(): readonly UploadSession[] {
    return [...this.#sessions.values()];
  }

  forget(id: string): void {
    this.#sessions.get(id)?.hash.drop();
    this.#sessions.delete(id);
  }

  async #recall(id: string): Promise<UploadSession | undefined> {
    const facts = await findFile(this.#paths.uploadFacts(id));
    const data = await findStat(this.#paths.uploadData(id));
    // Two requests may have come here at once: both must get the same session.
    const known = this.#sessions.get(id);
    if (known !== undefined || facts === undefined || data === undefined) return known;
    const { repository, algorithm } = JSON.parse(facts.toString()) as Omit<Facts, 'sizeBytes'>;
    return this.add(id, { repository, algorithm, sizeBytes: data.sizeBytes });
  }

  #makeRoom(added: UploadSession): void {
    for (const [id, session] of this.#sessions) {
      if (this.#sessions.size <= MAX_REMEMBERED) break;
      if (session.holder === undefined && session !== added) this.forget(id);
    }
  }
}
