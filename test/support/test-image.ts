import { createCipheriv, createHash } from 'node:crypto';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { type Digest, type DigestAlgorithm, digestOf } from '../../src/oci/digest.ts';
import { type Manifest, parseManifest } from '../../src/oci/manifest.ts';
import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from '../../src/oci/media-types.ts';
import { parsePlatform } from '../../src/oci/platform.ts';

export type TestLayer = {
  readonly bytes?: Uint8Array;
  /** How many pseudo-random bytes; default 1,000. */
  readonly size?: number;
  /** What they are made from; layers without one differ by their place. */
  readonly seed?: string | number;
  /** The same for every platform? Default false: each platform gets bytes of its own. */
  readonly shared?: boolean;
};

export type TestImageOptions = {
  /** Default: one layer of 1,000 bytes. */
  readonly layers?: readonly TestLayer[];
  /** With platforms the image is an index, with one manifest each. */
  readonly platforms?: readonly string[];
  /** An index around the index. */
  readonly nested?: boolean;
  /** Each platform gets an attestation manifest as BuildKit hangs it into the index; `artifact` as from its 0.32 on, with an empty config. */
  readonly attestations?: boolean | 'artifact';
  /** More members for the config. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Adds a layer that lives at its own URL and has no blob. */
  readonly foreignLayer?: boolean;
  /** Adds a layer of no bytes. */
  readonly emptyLayer?: boolean;
  /** An artifact of this type: an empty config and an `artifactType`. */
  readonly artifact?: string;
  readonly subject?: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>;
  /** Docker's media types instead of OCI's. */
  readonly dockerSchema2?: boolean;
  readonly algorithm?: DigestAlgorithm;
  /** Makes everything else of the content: two images of different seeds share only what is given by bytes or seed. */
  readonly seed?: string | number;
};

export type TestBlob = { readonly digest: Digest; readonly mediaType: string; readonly bytes: Uint8Array };

/** An image as bytes. `manifests` are in the order in which they can be pushed: children first, the root last. */
export type TestImage = {
  readonly digest: Digest;
  readonly mediaType: string;
  /** The root's bytes. */
  readonly bytes: Uint8Array;
  readonly root: Manifest;
  readonly manifests: readonly Manifest[];
  /** Each blob once. */
  readonly blobs: readonly TestBlob[];
  /** The root as others refer to it. */
  readonly descriptor: Descriptor;
};

const EMPTY_CONFIG = Buffer.from('{}');
const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
const DOCKER_FOREIGN = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
const OCI_FOREIGN = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';

/** Pseudo-random bytes that a seed always makes again; they do not compress. */
export function makeBytes(sizeBytes: number, seed: string | number): Buffer {
  const key = createHash('sha256').update(`entrepot ${seed}`).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

export function makeImage(options: TestImageOptions = {}): TestImage {
  const builder = new ImageBuilder(options);
  const { platforms } = options;
  if (platforms === undefined) return builder.finish(builder.addImage('linux/amd64', options.subject));
  const children = platforms.flatMap((platform) => {
    const child = { ...builder.addImage(platform, undefined), platform: parsePlatform(platform) };
    return options.attestations ? [child, builder.addAttestation(child)] : [child];
  });
  const index = builder.addIndex(children, options.nested ? undefined : options.subject);
  return builder.finish(options.nested ? builder.addIndex([index], options.subject) : index);
}

class ImageBuilder {
  readonly #options: TestImageOptions;
  readonly #manifests = new Map<Digest, Manifest>();
  readonly #blobs = new Map<Digest, TestBlob>();

  constructor(options: TestImageOptions) {
    this.#options = options;
  }

  addImage(platform: string, subject: TestImageOptions['subject']): Descriptor {
    const { dockerSchema2, artifact, annotations, foreignLayer, emptyLayer } = this.#options;
    const layerType = dockerSchema2 ? DOCKER_LAYER : OCI_LAYER_GZIP;
    const layers: object[] = (this.#options.layers ?? [{}]).map((layer, place) =>
      this.#addBlob(layerType, this.#layerBytes(layer, place, platform)),
    );
    if (emptyLayer) layers.push(this.#addBlob(layerType, new Uint8Array()));
    if (foreignLayer) {
      const bytes = makeBytes(100, 'foreign layer');
      const digest = digestOf(bytes, this.#options.algorithm);
      layers.push({
        mediaType: dockerSchema2 ? DOCKER_FOREIGN : OCI_FOREIGN,
        digest,
        size: bytes.byteLength,
        urls: [`https://layers.example/${digest}`],
      });
    }
    const config = artifact === undefined ? this.#addConfig(platform, layers) : this.#addBlob(OCI_EMPTY, EMPTY_CONFIG);
    return this.#addManifest(dockerSchema2 ? DOCKER_MANIFEST : OCI_MANIFEST, {
      ...(artifact === undefined ? {} : { artifactType: artifact }),
      config,
      layers,
      ...(subject === undefined ? {} : { subject }),
      ...(annotations === undefined ? {} : { annotations }),
    });
  }

  /** Source: BuildKit, docs/attestations/attestation-storage.md. */
  addAttestation(child: Descriptor): Descriptor {
    const statement = Buffer.from(
      JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject: [{ digest: child.digest }] }),
    );
    const layers = [this.#addBlob('application/vnd.in-toto+json', statement)];
    const asArtifact = this.#options.attestations === 'artifact';
    const config = asArtifact
      ? this.#addBlob(OCI_EMPTY, EMPTY_CONFIG)
      : this.#addBlob(
          OCI_CONFIG,
          Buffer.from(JSON.stringify({ architecture: 'unknown', os: 'unknown', of: child.digest })),
        );
    return {
      ...this.#addManifest(OCI_MANIFEST, { config, layers }),
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': child.digest },
    };
  }

  addIndex(manifests: readonly Descriptor[], subject: TestImageOptions['subject']): Descriptor {
    const { dockerSchema2, annotations } = this.#options;
    return this.#addManifest(dockerSchema2 ? DOCKER_MANIFEST_LIST : OCI_INDEX, {
      manifests,
      ...(subject === undefined ? {} : { subject }),
      ...(annotations === undefined ? {} : { annotations }),
    });
  }

  finish(descriptor: Descriptor): TestImage {
    const root = this.#manifests.get(descriptor.digest);
    if (root === undefined) throw new Error('the root was not made here');
    return {
      digest: root.digest,
      mediaType: root.mediaType,
      bytes: root.bytes,
      root,
      manifests: [...this.#manifests.values()],
      blobs: [...this.#blobs.values()],
      descriptor: { mediaType: root.mediaType, digest: root.digest, size: root.bytes.byteLength },
    };
  }

  #layerBytes(layer: TestLayer, place: number, platform: string): Uint8Array {
    if (layer.bytes !== undefined) return layer.bytes;
    const seed = layer.seed ?? `${this.#options.seed ?? ''} layer ${place}`;
    return makeBytes(layer.size ?? 1_000, layer.shared ? seed : `${seed} ${platform}`);
  }

  #addConfig(platform: string, layers: readonly object[]): Descriptor {
    const { os, architecture, variant } = parsePlatform(platform);
    const diffIds = layers.map((layer) => ('digest' in layer ? layer.digest : undefined));
    const config = {
      created: '2024-01-01T00:00:00Z',
      os,
      architecture,
      ...(variant === undefined ? {} : { variant }),
      config: { Env: [`SEED=${this.#options.seed ?? ''}`] },
      rootfs: { type: 'layers', diff_ids: diffIds },
      ...this.#options.config,
    };
    return this.#addBlob(this.#options.dockerSchema2 ? DOCKER_CONFIG : OCI_CONFIG, Buffer.from(JSON.stringify(config)));
  }

  #addBlob(mediaType: string, bytes: Uint8Array): Descriptor {
    const digest = digestOf(bytes, this.#options.algorithm);
    this.#blobs.set(digest, { digest, mediaType, bytes });
    return { mediaType, digest, size: bytes.byteLength };
  }

  #addManifest(mediaType: string, members: Readonly<Record<string, unknown>>): Descriptor {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...members }, undefined, 2));
    const manifest = parseManifest(bytes, mediaType, this.#options.algorithm);
    this.#manifests.set(manifest.digest, manifest);
    return { mediaType, digest: manifest.digest, size: bytes.byteLength };
  }
}
