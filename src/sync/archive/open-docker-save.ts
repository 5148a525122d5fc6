import { basename } from 'node:path/posix';
import { z } from 'zod';
import { digestHex } from '../../oci/digest.ts';
import type { BlobDepot } from '../copy/blob-depot.ts';
import { archiveInvalid, listNames } from './archive-failure.ts';
import type { ArchiveLimits } from './archive-limits.ts';
import type { ArchivedImage } from './archived-image.ts';
import { chooseDockerImage } from './choose-image.ts';
import { composeImage } from './compose-image.ts';
import { parseEntryPath } from './entry-path.ts';
import { type ArchiveContents, findFile } from './land-entries.ts';
import { parseDocument } from './parse-document.ts';

/** Docker image spec 1.2, "Combined Image JSON + Filesystem Changeset Format": a list of images with paths into the archive. */
const DOCKER_MANIFEST = z
  .array(
    z.looseObject({
      Config: z.string().min(1),
      RepoTags: z.array(z.string()).nullish(),
      Layers: z.array(z.string().min(1)).nullish(),
    }),
  )
  .transform((images) => images.map((image) => ({ ...image, Layers: image.Layers ?? [] })));

/** The release's image in what `docker save` wrote before Docker 25, and what many tools still write. */
export async function openDockerSave(
  contents: ArchiveContents,
  document: Uint8Array,
  release: string,
  depot: BlobDepot,
  limits: ArchiveLimits,
  signal: AbortSignal,
): Promise<ArchivedImage> {
  const image = chooseDockerImage(parseDocument(DOCKER_MANIFEST, document, 'the manifest.json'), release);
  const [config, ...layers] = [image.Config, ...image.Layers].map((path) => findFile(contents, parseEntryPath(path)));
  const missing = [image.Config, ...image.Layers].filter((_, index) => [config, ...layers][index] === undefined);
  const present = layers.filter((layer) => layer !== undefined);
  if (config === undefined || missing.length > 0)
    throw archiveInvalid(`the archive lacks ${listNames(missing)}, which its manifest.json names`);
  // The config is named by its digest, as `<hex>.json` or `sha256:<hex>`; what names it otherwise is not a claim.
  const claimed = /^(?:sha256:)?([0-9a-f]{64})(?:\.json)?$/.exec(basename(config.path))?.[1];
  if (claimed !== undefined && claimed !== digestHex(config.sha256)) {
    throw archiveInvalid(`the config ${config.path} has other bytes than its name says: they are ${config.sha256}`);
  }
  return composeImage({ config, layers: present }, depot, limits, signal);
}
