import { isFailure } from '../../kernel/failure.ts';
import type { RegistryClient } from '../../registry/registry-client.ts';

/**
 * Makes each repository once for all who need it at the same time and later, until the registry says that it is not
 * there (somebody deleted it).
 */
export class MadeRepositories {
  readonly #create: (name: string) => Promise<void>;
  readonly #made = new Map<string, Promise<void>>();

  constructor(create: (name: string) => Promise<void>) {
    this.#create = create;
  }

  async ensure(name: string): Promise<void> {
    const making = this.#made.get(name) ?? this.#create(name);
    this.#made.set(name, making);
    try {
      await making;
    } catch (error) {
      this.#made.delete(name);
      throw error;
    }
  }

  /** The client, listened to for repositories that are gone. */
  listen(client: RegistryClient): RegistryClient {
    const heed = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
      try {
        return await run();
      } catch (error) {
        if (isFailure(error, 'remote_repository_unknown', 'remote_not_found')) this.#made.delete(name);
        throw error;
      }
    };
    return {
      ...client,
      startUpload: (repository, options) => heed(repository, () => client.startUpload(repository, options)),
      putManifest: (repository, reference, manifest, options) =>
        heed(repository, () => client.putManifest(repository, reference, manifest, options)),
    };
  }
}
