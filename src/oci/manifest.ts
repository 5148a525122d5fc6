import { Failure } from '../kernel/failure.ts';
import type { Descriptor } from './descriptor.ts';
import { type Digest, type DigestAlgorithm, digestOf, isDigest } from './digest.ts';
import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  isIndexMediaType,
  isManifestMediaType,
  OCI_INDEX,
  OCI_MANIFEST,
} from './media-types.ts';

/** A registry must accept manifests of at least 4 MiB, and containerd refuses larger ones; we neither read nor write more. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** Bounds on what one document may make us do. Real images stay far below; see the threat model. */
const MAX_DESCRIPTORS = 10_000;

/** A manifest's bytes exactly as they came, with what they say. `digest` is always computed from `bytes`. */
export type Manifest = ImageManifest | ImageIndex;

type Document = {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly artifactType?: string;
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
};

/** One image or artifact: a config blob and layers. */
export type ImageManifest = Document & {
  readonly kind: 'image';
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
};

/** A list of manifests (or of further indexes), usually one a platform. */
export type ImageIndex = Document & {
  readonly kind: 'index';
  readonly manifests: readonly Descriptor[];
};

/**
 * Bytes → manifest; throws `manifest_invalid` or `manifest_too_large`.
 *
 * @param declared the Content-Type it came with; the document's own `mediaType` must agree where both speak, and one
 *   of them must name a type we know (Docker schema 1 is refused: it is not content-addressed).
 * @param algorithm how the digest of the bytes is to be computed, the algorithm of the reference it was asked by.
 */
export function parseManifest(
  bytes: Uint8Array,
  declared: string | undefined,
  algorithm: DigestAlgorithm = 'sha256',
): Manifest {
  if (bytes.byteLength > MAX_MANIFEST_BYTES) {
    throw new Failure(
      'manifest_too_large',
      `the manifest has ${bytes.byteLength} bytes, over the limit of ${MAX_MANIFEST_BYTES}`,
    );
  }
  const document = parseJsonObject(bytes);
  const mediaType = chooseMediaType(document, declared);
  const common = {
    mediaType,
    digest: digestOf(bytes, algorithm),
    bytes,
    ...(typeof document.artifactType === 'string' ? { artifactType: document.artifactType } : {}),
    ...(document.subject === undefined || document.subject === null
      ? {}
      : { subject: toDescriptor(document.subject, 'subject') }),
    ...(isStringRecord(document.annotations) ? { annotations: document.annotations } : {}),
  };
  if (isIndexMediaType(mediaType)) {
    return { kind: 'index', ...common, manifests: toDescriptors(document.manifests, 'manifests') };
  }
  return {
    kind: 'image',
    ...common,
    config: toDescriptor(document.config, 'config'),
    layers: document.layers === undefined || document.layers === null ? [] : toDescriptors(document.layers, 'layers'),
  };
}

function parseJsonObject(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Failure('manifest_invalid', 'the manifest is not JSON', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Failure('manifest_invalid', 'the manifest is not a JSON object');
  }
  return value as Record<string, unknown>;
}

/** The type that both the header and the document can mean; ambiguity is refused (image-spec, CVE-2021-41190). */
function chooseMediaType(document: Record<string, unknown>, declaredHeader: string | undefined): string {
  const declared = declaredHeader?.split(';')[0]?.trim().toLowerCase();
  const inner = typeof document.mediaType === 'string' ? document.mediaType : undefined;
  if ('manifests' in document && ('layers' in document || 'config' in document)) {
    throw new Failure('manifest_invalid', 'the manifest is an image and an index at once');
  }
  const known = (type: string | undefined): type is string =>
    type !== undefined && (isIndexMediaType(type) || isManifestMediaType(type));
  if (known(inner) && known(declared) && inner !== declared) {
    throw new Failure('manifest_invalid', `the manifest calls itself ${inner} but was sent as ${declared}`);
  }
  const guess = 'manifests' in document ? OCI_INDEX : 'config' in document ? OCI_MANIFEST : undefined;
  const mediaType = known(inner) ? inner : known(declared) ? declared : inner === undefined ? guess : undefined;
  if (mediaType === undefined) {
    throw new Failure(
      'manifest_invalid',
      `manifest type ${inner ?? declared ?? 'unknown'} is not supported (${DOCKER_MANIFEST}, ${DOCKER_MANIFEST_LIST} and their OCI forms are)`,
    );
  }
  return mediaType;
}

function toDescriptors(value: unknown, path: string): Descriptor[] {
  if (!Array.isArray(value)) throw new Failure('manifest_invalid', `the manifest's ${path} is not a list`);
  if (value.length > MAX_DESCRIPTORS)
    throw new Failure(
      'manifest_invalid',
      `the manifest's ${path} has ${value.length} entries, over the limit of ${MAX_DESCRIPTORS}`,
    );
  return value.map((entry, index) => toDescriptor(entry, `${path}[${index}]`));
}

function toDescriptor(value: unknown, path: string): Descriptor {
  if (typeof value !== 'object' || value === null)
    throw new Failure('manifest_invalid', `the manifest's ${path} is not a descriptor`);
  const { mediaType, digest, size, artifactType, platform, annotations } = value as Record<string, unknown>;
  if (typeof mediaType !== 'string' || mediaType === '')
    throw new Failure('manifest_invalid', `the manifest's ${path} has no mediaType`);
  if (typeof digest !== 'string' || !isDigest(digest))
    throw new Failure('manifest_invalid', `the manifest's ${path} has no valid digest`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw new Failure('manifest_invalid', `the manifest's ${path} has no valid size`);
  return {
    mediaType,
    digest,
    size,
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
    ...(isStringRecord(annotations) ? { annotations } : {}),
    ...toPlatform(platform),
  };
}

function toPlatform(value: unknown): Pick<Descriptor, 'platform'> {
  if (typeof value !== 'object' || value === null) return {};
  const { os, architecture, variant } = value as Record<string, unknown>;
  if (typeof os !== 'string' || typeof architecture !== 'string') return {};
  return { platform: { os, architecture, ...(typeof variant === 'string' ? { variant } : {}) } };
}

function isStringRecord(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((entry) => typeof entry === 'string')
  );
}
