import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { CopyTarget } from '../copy/copy-target.ts';

/** Blobs that somebody says are crossing already, so that others who need them at the target wait. */
export class CrossingClaims {
  readonly #crossing: CopyTarget['crossing'];
  readonly #claims = new Map<Digest, PromiseWithResolvers<RepositoryName>>();

  constructor(target: CopyTarget) {
    this.#crossing = target.crossing;
  }

  /** False where somebody else says so. */
  claim(digest: Digest): boolean {
    if (this.#claims.has(digest)) return true;
    if (this.#crossing.has(digest)) return false;
    const claim = Promise.withResolvers<RepositoryName>();
    claim.promise.catch(() => {});
    this.#claims.set(digest, claim);
    this.#crossing.set(digest, claim.promise);
    return true;
  }

  /** It is in that repository now. */
  keep(digest: Digest, repository: RepositoryName): void {
    this.#claims.get(digest)?.resolve(repository);
  }

  /** Whoever waits looks for itself. */
  drop(digest: Digest): void {
    const claim = this.#claims.get(digest);
    if (claim === undefined) return;
    this.#claims.delete(digest);
    this.#crossing.delete(digest);
    claim.reject(new Error('it is not crossing'));
  }

  close(): void {
    for (const digest of [...this.#claims.keys()]) this.drop(digest);
  }
}
