import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import type { Manifest } from '../../oci/manifest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { isTag, type Tag } from '../../oci/tag.ts';
import { type FolderFiles, findFile, findNames, findStat } from './folder-files.ts';
import type { FolderPaths } from './folder-paths.ts';

type ManifestFacts = { readonly mediaType: string; readonly subject?: Digest };

/** Manifests, tags and referrers of repositories, a file each. */
export class ManifestFiles {
  readonly #paths: FolderPaths;
  readonly #files: FolderFiles;
  /** The last change of each repository, for the next to wait for. */
  readonly #changes = new Map<RepositoryName, Promise<unknown>>();

  constructor(paths: FolderPaths, files: FolderFiles) {
    this.#paths = paths;
    this.#files = files;
  }

  async find(
    repository: RepositoryName,
    reference: Digest | Tag,
  ): Promise<{ digest: Digest; mediaType: string; bytes: Uint8Array } | undefined> {
    const digest = isDigest(reference) ? reference : await this.findTag(repository, reference);
    if (digest === undefined) return undefined;
    const found = await this.#read(repository, digest);
    return found === undefined ? undefined : { digest, mediaType: found.facts.mediaType, bytes: found.bytes };
  }

  async has(repository: RepositoryName, digest: Digest): Promise<boolean> {
    return (await findStat(this.#paths.manifest(repository, digest))) !== undefined;
  }

  async findTag(repository: RepositoryName, tag: Tag): Promise<Digest | undefined> {
    const text = (await findFile(this.#paths.tag(repository, tag)))?.toString();
    return text !== undefined && isDigest(text) ? text : undefined;
  }

  /** Tags come last: what they name is there when they do. */
  put(repository: RepositoryName, manifest: Manifest, tags: readonly Tag[]): Promise<void> {
    return this.#change(repository, async () => {
      const { subject, mediaType, digest, bytes } = manifest;
      const facts: ManifestFacts = { mediaType, ...(subject === undefined ? {} : { subject: subject.digest }) };
      const file = Buffer.concat([Buffer.from(`${JSON.stringify(facts)}\n`), bytes]);
      if (subject !== undefined) {
        const path = this.#paths.referrer(repository, subject.digest, digest);
        await this.#files.write(path, Buffer.from(JSON.stringify(toReferrer(manifest))));
      }
      await this.#files.write(this.#paths.manifest(repository, digest), file);
      for (const tag of tags) await this.#files.write(this.#paths.tag(repository, tag), Buffer.from(digest));
    });
  }

  delete(repository: RepositoryName, digest: Digest): Promise<boolean> {
    return this.#change(repository, async () => {
      const found = await this.#read(repository, digest);
      if (found === undefined) return false;
      for (const tag of (await this.listTags(repository)) ?? []) {
        if ((await this.findTag(repository, tag)) === digest)
          await this.#files.remove(this.#paths.tag(repository, tag));
      }
      await this.#files.remove(this.#paths.manifest(repository, digest));
      const { subject } = found.facts;
      if (subject !== undefined) await this.#files.remove(this.#paths.referrer(repository, subject, digest));
      return true;
    });
  }

  deleteTag(repository: RepositoryName, tag: Tag): Promise<boolean> {
    return this.#change(repository, () => this.#files.remove(this.#paths.tag(repository, tag)));
  }

  async listTags(repository: RepositoryName): Promise<Tag[] | undefined> {
    const names = await findNames(this.#paths.tags(repository));
    return names?.filter((name): name is Tag => isTag(name));
  }

  async listReferrers(repository: RepositoryName, subject: Digest): Promise<Descriptor[]> {
    const folder = this.#paths.referrers(repository, subject);
    const referrers: Descriptor[] = [];
    for (const name of (await findNames(folder)) ?? []) {
      const digest = name.replace('-', ':');
      const bytes = isDigest(digest) ? await findFile(this.#paths.referrer(repository, subject, digest)) : undefined;
      if (bytes !== undefined) referrers.push(JSON.parse(bytes.toString()) as Descriptor);
    }
    return referrers;
  }

  async #read(
    repository: RepositoryName,
    digest: Digest,
  ): Promise<{ facts: ManifestFacts; bytes: Uint8Array } | undefined> {
    const file = await findFile(this.#paths.manifest(repository, digest));
    if (file === undefined) return undefined;
    const newline = file.indexOf(0x0a);
    return {
      facts: JSON.parse(file.subarray(0, newline).toString()) as ManifestFacts,
      bytes: file.subarray(newline + 1),
    };
  }

  /** One change of a repository after the other. */
  #change<T>(repository: RepositoryName, act: () => Promise<T>): Promise<T> {
    const before = this.#changes.get(repository) ?? Promise.resolve();
    const change = before.then(act, act);
    this.#changes.set(repository, change);
    const forget = () => {
      if (this.#changes.get(repository) === change) this.#changes.delete(repository);
    };
    change.then(forget, forget);
    return change;
  }
}

/** How a manifest is listed among its subject's referrers. Source: distribution-spec 1.1, "Listing Referrers". */
function toReferrer(manifest: Manifest): Descriptor {
  const artifactType = manifest.artifactType ?? (manifest.kind === 'image' ? manifest.config.mediaType : undefined);
  return {
    mediaType: manifest.mediaType,
    digest: manifest.digest,
    size: manifest.bytes.byteLength,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(manifest.annotations === undefined ? {} : { annotations: manifest.annotations }),
  };
}
