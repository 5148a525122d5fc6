import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestIds } from '../api/request-ids.ts';
import { withoutCluster } from '../api/v2/pulling-cluster.ts';
import type { RegistryAccess } from '../api/v2/registry-access.ts';
import { openRegistryListener } from '../api/v2/registry-listener.ts';
import type { ManifestPut, RegistryChange } from '../api/v2/registry-settings.ts';
import type { RegistryStorage } from '../api/v2/registry-storage.ts';
import type { DoorFolder } from '../depot/door/door-folder.ts';
import { readDoorTree } from '../depot/door/door-tree.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { isTag, type Tag } from '../oci/tag.ts';
import type { World } from '../regions/world.ts';
import type { OpenPushes } from '../sync/push/open-pushes.ts';
import { isDistributed } from '../sync/push/push-targets.ts';
import type { Log } from '../telemetry/log.ts';

export type Door = {
  /** Answers what is below `/v2`. */
  answer(incoming: IncomingMessage, outgoing: ServerResponse): void;
  /** Ends uploads under way; their sessions stay. */
  close(): Promise<void>;
};

export type DoorOptions = {
  readonly folder: DoorFolder;
  readonly pushes: OpenPushes;
  readonly world: World;
  readonly log: Log;
  readonly access: RegistryAccess;
  readonly ids: RequestIds;
  /** Told of what is changed here. */
  readonly changed?: (change: RegistryChange) => Promise<void>;
  /** What reads are answered from; the folder itself by default. */
  readonly storage?: RegistryStorage;
};

/**
 * Opens the service's own registry. A tag that is put, and that the image's rules distribute, makes a push; a
 * signature or other attachment makes one of each release it speaks of, since it has to travel with it.
 */
export function openDoor(options: DoorOptions): Door {
  const { folder, pushes, world, log, storage = folder, access, ids, changed } = options;

  const releaseTags = ({ repository: name, tags }: ManifestPut): readonly Tag[] =>
    tags.filter((tag) => findSubjectOfTag(tag) === undefined && isDistributed(world, { name, tag }));

  /** Whoever pushes such a tag may expect it to be pulled elsewhere. */
  const isHeld = (name: RepositoryName, tag: Tag): boolean =>
    findSubjectOfTag(tag) === undefined && !isDistributed(world, { name, tag });

  async function push(put: ManifestPut, tag: Tag, digest: Digest, hasNews: boolean): Promise<string> {
    const name = put.repository;
    const { manifests, contents } = await readDoorTree(folder, name, digest);
    const accepted = await pushes.acceptPut(
      { name, tag, requestId: ids.of(put.request) },
      { digest, manifests, contents, hasNews },
    );
    await folder.pushed(
      name,
      contents.map((content) => content.digest),
    );
    return accepted.push.id;
  }

  /** Tags of the repository that name one of the digests and are distributed. */
  async function tagsOf(name: RepositoryName, subjects: readonly Digest[]): Promise<{ tag: Tag; digest: Digest }[]> {
    const found: { tag: Tag; digest: Digest }[] = [];
    if (subjects.length === 0) return found;
    for (const tag of (await folder.listTags(name)) ?? []) {
      const digest = await folder.findTag(name, tag);
      const isRelease = findSubjectOfTag(tag) === undefined && isDistributed(world, { name, tag });
      if (digest !== undefined && isRelease && subjects.includes(digest)) found.push({ tag, digest });
    }
    return found;
  }

  const listener = openRegistryListener({
    storage,
    log,
    access,
    // A digest alone opens no blob: repositories may have secrets from each other.
    anonymousMounts: false,
    // What was pulled as a cluster is known to its client by that name.
    storedName: (spelt) => withoutCluster(spelt, world.clusters),
    ...(changed === undefined ? {} : { changed }),
    checkManifest: async (put) => {
      for (const tag of releaseTags(put)) pushes.check({ name: put.repository, tag });
      return undefined;
    },
    manifestKept: async (put) => {
      const { repository, manifest } = put;
      const made: string[] = [];
      for (const tag of releaseTags(put)) made.push(await push(put, tag, manifest.digest, false));
      const subjects = [manifest.subject?.digest, ...put.tags.map(findSubjectOfTag)].filter(
        (each) => each !== undefined,
      );
      for (const { tag, digest } of await tagsOf(repository, subjects)) made.push(await push(put, tag, digest, true));
      const id = made.at(-1);
      const held = put.tags.find((tag) => isHeld(repository, tag));
      const headers: Record<string, string> = {};
      if (id !== undefined) headers['entrepot-push'] = id;
      if (held !== undefined)
        headers.warning = warn(
          `${repository}:${held} is kept here and goes nowhere: the "distribute" rules leave it out`,
        );
      return headers;
    },
  });
  return {
    answer: listener,
    async close() {
      listener.close();
      await folder.close();
    },
  };
}

/** The header that tells clients a sentence. Source: distribution-spec 1.1, "Warnings"; RFC 7234, section 5.5.7. */
function warn(sentence: string): string {
  return `299 - "${sentence.replaceAll(/[\\"]/g, '\\$&')}"`;
}

/**
 * `sha256-HEX` and `sha256-HEX.sig` → the digest they speak of. Source: distribution-spec 1.1, "Referrers Tag Schema";
 * sigstore/cosign specs/SIGNATURE_SPEC.md, "Tag-based discovery".
 */
function findSubjectOfTag(tag: string): Digest | undefined {
  const match = /^(sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})(?:\.[\w-]+)?$/.exec(tag);
  const digest = match?.[1]?.replace('-', ':');
  return digest !== undefined && isTag(tag) && isDigest(digest) ? digest : undefined;
}
