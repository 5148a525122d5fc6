import type { Descriptor } from '../../oci/descriptor.ts';
import { archiveInvalid, listNames } from './archive-failure.ts';

/** One entry of a docker archive's manifest.json. */
export type DockerImage = {
  readonly Config: string;
  readonly RepoTags?: readonly string[] | null;
  readonly Layers: readonly string[];
};

const REF_NAME = 'org.opencontainers.image.ref.name';
/** containerd's (and so Docker's) annotation with the whole reference; `ref.name` then holds the tag alone. */
const IMAGE_NAME = 'io.containerd.image.name';

/**
 * The release's manifest among those of a layout's index.json: the only one; else the one whose name is the release's,
 * with or without a host; else the one named by the tag alone. Throws `archive_invalid` with what is there.
 *
 * Source: image-spec 1.1, annotations.md, `org.opencontainers.image.ref.name`.
 */
export function chooseLayoutRoot(manifests: readonly Descriptor[], release: string): Descriptor {
  const tag = release.slice(release.lastIndexOf(':') + 1);
  const byRelease = manifests.filter((manifest) => namesOf(manifest).some((name) => meansRelease(name, release)));
  const byTag = manifests.filter((manifest) => manifest.annotations?.[REF_NAME] === tag);
  for (const candidates of [manifests, byRelease, byTag]) {
    const [only, ...others] = candidates;
    // One image under several names is still one.
    if (only !== undefined && others.every((other) => other.digest === only.digest)) return only;
  }
  if (manifests.length === 0) throw archiveInvalid('the index.json of the archive names no image');
  const there = manifests.map((manifest) => `${namesOf(manifest)[0] ?? 'unnamed'} (${manifest.digest})`);
  throw archiveInvalid(
    `the archive holds several images and none, or more than one, is named ${release}: ${listNames(there)}`,
  );
}

/** The release's image among those of a docker archive: the only one, else the one tagged so, with or without a host. */
export function chooseDockerImage(images: readonly DockerImage[], release: string): DockerImage {
  const tagged = images.filter((image) => (image.RepoTags ?? []).some((name) => meansRelease(name, release)));
  for (const candidates of [images, tagged]) {
    const [only, ...others] = candidates;
    if (only !== undefined && others.every((other) => isSameImage(only, other))) return only;
  }
  if (images.length === 0) throw archiveInvalid('the manifest.json of the archive names no image');
  const there = images.map((image) => image.RepoTags?.join(' ') || `untagged (${image.Config})`);
  throw archiveInvalid(
    `the archive holds several images and none, or more than one, is tagged ${release}: ${listNames(there)}`,
  );
}

function namesOf(manifest: Descriptor): string[] {
  return [manifest.annotations?.[IMAGE_NAME], manifest.annotations?.[REF_NAME]].filter((name) => name !== undefined);
}

/** Is `name` the release, perhaps behind a host, or behind the `library/` that Docker Hub's short names stand for? */
function meansRelease(name: string, release: string): boolean {
  const [first = '', ...rest] = name.split('/');
  const isHost = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  const bare = isHost ? rest.join('/') : name;
  return bare === release || bare === `library/${release}`;
}

function isSameImage(one: DockerImage, other: DockerImage): boolean {
  return one.Config === other.Config && one.Layers.join('\n') === other.Layers.join('\n');
}
