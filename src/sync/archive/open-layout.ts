import { z } from 'zod';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { type ImageManifest, parseManifest } from '../../oci/manifest.ts';
import { OCI_INDEX } from '../../oci/media-types.ts';
import type { BlobDepot } from '../copy/blob-depot.ts';
import { archiveInvalid, asArchiveFailure, listNames } from './archive-failure.ts';
import type { ArchiveLimits } from './archive-limits.ts';
import type { ArchivedImage } from './archived-image.ts';
import { chooseLayoutRoot } from './choose-image.ts';
import { composeImage } from './compose-image.ts';
import { restoreOriginal } from './depot-content.ts';
import { type GraphSource, type ImageGraph, walkImage } from './image-graph.ts';
import type { ArchiveContents } from './land-entries.ts';
import type { LandedFile } from './landed-file.ts';
import { parseDocument } from './parse-document.ts';

const LAYOUT = z.looseObject({ imageLayoutVersion: z.string().regex(/^1\./, 'only version 1 is known') });

/**
 * The release's image in an OCI layout (image-spec 1.1, image-layout.md), byte for byte as the archive has it.
 *
 * Docker ≥ 25 saves a layout too, beside its own manifest.json, and there are two exceptions for it. Its classic store
 * writes layers uncompressed, under a manifest that was made for this file alone: that image is composed anew with
 * gzipped layers. And an index whose other platforms were never pulled is saved whole, without their blobs: when exactly
 * one platform is complete, that platform's manifest is the release.
 */
export async function openLayout(
  contents: ArchiveContents,
  release: string,
  depot: BlobDepot,
  limits: ArchiveLimits,
  signal: AbortSignal,
): Promise<ArchivedImage> {
  const files = new Map<Digest, LandedFile>();
  for (const file of contents.files.values()) if (file.path.startsWith('blobs/')) files.set(file.digest, file);
  const isDockers = contents.documents.has('manifest.json');
  const chosen = chooseLayoutRoot(readIndex(contents), release);
  const source = { depot, files, limits };
  const whole = await walkImage(chosen, source);
  const graph = whole.missing.length > 0 && isDockers ? await findOnlyPlatform(whole, source) : whole;
  if (graph.missing.length > 0) throw archiveInvalid(`the archive lacks ${listNames(graph.missing)}`);
  if (isDockers && graph.root.kind === 'image') {
    const parts = findParts(graph.root, files);
    if (parts?.layers.some((layer) => layer.form === 'tar')) return composeImage(parts, depot, limits, signal);
  }
  for (const { digest } of [...graph.manifests, ...graph.blobs]) {
    const file = files.get(digest);
    if (file !== undefined) await restoreOriginal(depot, file, signal);
  }
  const { mediaType, digest, bytes } = graph.root;
  return { root: { mediaType, digest, size: bytes.byteLength }, manifests: graph.manifests, blobs: graph.blobs };
}

function readIndex(contents: ArchiveContents): readonly Descriptor[] {
  const layout = contents.documents.get('oci-layout');
  const index = contents.documents.get('index.json');
  if (layout === undefined) throw archiveInvalid('the archive has an index.json but no oci-layout: is it cut short?');
  if (index === undefined) throw archiveInvalid('the archive has an oci-layout but no index.json: is it cut short?');
  parseDocument(LAYOUT, layout, 'the oci-layout');
  try {
    const parsed = parseManifest(index, OCI_INDEX);
    return parsed.kind === 'index' ? parsed.manifests : [];
  } catch (error) {
    throw asArchiveFailure('the index.json', error);
  }
}

/** The one child of an incomplete index that is complete, attestations aside; else the index as it is. */
async function findOnlyPlatform(graph: ImageGraph, source: GraphSource): Promise<ImageGraph> {
  if (graph.root.kind !== 'index') return graph;
  const complete: ImageGraph[] = [];
  for (const child of graph.root.manifests) {
    const isAttestation = child.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
    if (isAttestation || !source.files.has(child.digest)) continue;
    const walked = await walkImage(child, source);
    if (walked.missing.length === 0 && walked.root.kind === 'image') complete.push(walked);
  }
  const [only, ...others] = complete;
  return only !== undefined && others.length === 0 ? only : graph;
}

/** The files of an image's config and layers, or undefined when one of them is not in the archive (a foreign layer). */
function findParts(
  manifest: ImageManifest,
  files: ReadonlyMap<Digest, LandedFile>,
): { config: LandedFile; layers: LandedFile[] } | undefined {
  const config = files.get(manifest.config.digest);
  const layers = manifest.layers.map((layer) => files.get(layer.digest)).filter((file) => file !== undefined);
  return config === undefined || layers.length !== manifest.layers.length ? undefined : { config, layers };
}
