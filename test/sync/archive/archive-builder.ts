import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { type Digest, digestHex, digestOf } from '../../../src/oci/digest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_LAYER_TAR, OCI_MANIFEST } from '../../../src/oci/media-types.ts';

/** One entry of a tar to be made; `bytes` for a file, `target` for a link. */
export type Part = {
  name: string;
  bytes?: Uint8Array | string;
  type?: 'symlink' | 'link' | 'directory' | 'fifo';
  target?: string;
  pax?: Record<string, string>;
};

/** A tar of these entries, in this order, the same for the same entries. */
export async function tarOf(parts: readonly Part[]): Promise<Buffer> {
  const tar = pack();
  for (const { name, bytes = '', type, target, pax } of parts) {
    const header = {
      name,
      mtime: new Date(0),
      ...(type === undefined ? {} : { type }),
      ...(target === undefined ? {} : { linkname: target }),
      ...(pax === undefined ? {} : { pax }),
    };
    if (type === undefined) tar.entry(header, Buffer.from(bytes));
    else tar.entry(header);
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The bytes as a stream, in pieces of one size. */
export async function* inPieces(bytes: Uint8Array, pieceBytes = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** Bytes that do not compress and are the same in every run. */
export function noise(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed;
  for (let i = 0; i < size; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** A layer's tar with one file in it. */
export function layerTar(file: string, content: Uint8Array | string): Promise<Buffer> {
  return tarOf([
    { name: 'etc/', type: 'directory' },
    { name: `etc/${file}`, bytes: content },
  ]);
}

export function configOf(layerTars: readonly Uint8Array[], more: Record<string, unknown> = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      ...more,
      rootfs: { type: 'layers', diff_ids: layerTars.map((tar) => digestOf(tar)) },
    }),
  );
}

/** The blobs of a layout to be made, with what names them. */
export class LayoutBuilder {
  readonly blobs = new Map<Digest, Uint8Array>();

  add(mediaType: string, bytes: Uint8Array | string, algorithm: 'sha256' | 'sha512' = 'sha256'): Descriptor {
    const buffer = Buffer.from(bytes);
    const digest = digestOf(buffer, algorithm);
    this.blobs.set(digest, buffer);
    return { mediaType, digest, size: buffer.byteLength };
  }

  /** An image of these layer tars, gzipped unless told otherwise. */
  addImage(
    layerTars: readonly Uint8Array[],
    options: {
      uncompressed?: boolean;
      algorithm?: 'sha256' | 'sha512';
      config?: Record<string, unknown>;
      moreLayers?: readonly Descriptor[];
    } = {},
  ): Descriptor {
    const { uncompressed = false, algorithm = 'sha256' } = options;
    const config = this.add(OCI_CONFIG, configOf(layerTars, options.config), algorithm);
    const layers = layerTars.map((tar) =>
      this.add(uncompressed ? OCI_LAYER_TAR : OCI_LAYER_GZIP, uncompressed ? tar : gzipSync(tar), algorithm),
    );
    return this.add(
      OCI_MANIFEST,
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config,
        layers: [...layers, ...(options.moreLayers ?? [])],
      }),
      algorithm,
    );
  }

  /** What BuildKit hangs beside an image into its index. Source: BuildKit, docs/attestations/attestation-storage.md. */
  addAttestation(of: Digest): Descriptor {
    const statement = JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject: [{ digest: of }] });
    const layers = [this.add('application/vnd.in-toto+json', statement)];
    const config = this.add(OCI_CONFIG, JSON.stringify({ architecture: 'unknown', os: 'unknown', of }));
    return {
      ...this.add(OCI_MANIFEST, JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers })),
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': of },
    };
  }

  addIndex(manifests: readonly Descriptor[]): Descriptor {
    return this.add(OCI_INDEX, JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
  }

  parts(): Part[] {
    return [...this.blobs].map(([digest, bytes]) => ({ name: blobPath(digest), bytes }));
  }

  /** The layout's entries: blobs first, as most tools write them. */
  layout(manifests: readonly Descriptor[]): Part[] {
    return [...this.parts(), ...layoutDocuments(manifests)];
  }
}

export function layoutDocuments(manifests: readonly Descriptor[]): Part[] {
  return [
    { name: 'index.json', bytes: JSON.stringify({ schemaVersion: 2, manifests }) },
    { name: 'oci-layout', bytes: JSON.stringify({ imageLayoutVersion: '1.0.0' }) },
  ];
}

export function blobPath(digest: Digest): string {
  return `blobs/${digest.slice(0, 6)}/${digestHex(digest)}`;
}

export function named(descriptor: Descriptor, name: string): Descriptor {
  return { ...descriptor, annotations: { 'org.opencontainers.image.ref.name': name } };
}

/** `docker save` as it was before Docker 25: a folder a layer, config by its digest, manifest.json last. */
export function dockerSave(
  images: readonly { tags: string[]; layerTars: readonly Uint8Array[]; config?: Buffer }[],
): Part[] {
  const parts = new Map<string, Part>();
  const manifest = images.map(({ tags, layerTars, config = configOf(layerTars) }) => {
    const layers = layerTars.map((tar, index) => ({
      name: `${digestHex(digestOf(Buffer.concat([config, Buffer.from([index])])))}/layer.tar`,
      bytes: tar,
    }));
    for (const layer of layers) {
      parts.set(layer.name.replace('layer.tar', ''), { name: layer.name.replace('layer.tar', ''), type: 'directory' });
      parts.set(layer.name.replace('layer.tar', 'VERSION'), {
        name: layer.name.replace('layer.tar', 'VERSION'),
        bytes: '1.0',
      });
      parts.set(layer.name, layer);
    }
    const configName = `${digestHex(digestOf(config))}.json`;
    parts.set(configName, { name: configName, bytes: config });
    return { Config: configName, RepoTags: tags, Layers: layers.map((layer) => layer.name) };
  });
  return [...parts.values(), { name: 'manifest.json', bytes: JSON.stringify(manifest) }];
}
