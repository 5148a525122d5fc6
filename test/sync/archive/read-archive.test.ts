import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDepot } from '../../../src/depot/depot.ts';
import { type Digest, digestHex, digestOf } from '../../../src/oci/digest.ts';
import { parseManifest } from '../../../src/oci/manifest.ts';
import { OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { readArchive } from '../../../src/sync/archive/read-archive.ts';
import type { BlobDepot } from '../../../src/sync/copy/blob-depot.ts';
import {
  configOf,
  dockerSave,
  inPieces,
  LayoutBuilder,
  layerTar,
  named,
  noise,
  type Part,
  tarOf,
} from './archive-builder.ts';
import { memoryDepot } from './memory-depot.ts';

const signal = new AbortController().signal;
const RELEASE = 'team/app:1.2.3';

describe.each(['memory', 'folder'])('archives read into a depot in a %s', (kind) => {
  let depot: BlobDepot;
  let close: () => Promise<void>;

  beforeEach(async () => {
    if (kind === 'memory') {
      depot = memoryDepot();
      close = async () => {};
      return;
    }
    const folder = await mkdtemp(join(tmpdir(), 'entrepot-archive-'));
    const opened = await openDepot({ folder, limitBytes: 1024 ** 3, neededBlobs: async () => new Set() });
    depot = opened;
    close = async () => {
      expect(await readdir(join(folder, 'landing'))).toEqual([]);
      await opened.close();
      await rm(folder, { recursive: true });
    };
  });
  afterEach(() => close());

  const read = async (parts: readonly Part[], tag = RELEASE, pieceBytes?: number) =>
    readArchive({ archive: inPieces(await tarOf(parts), pieceBytes), depot, tag, signal });
  const bytesOf = async (digest: Digest) => (await depot.readBytes(digest, 64 * 1024 ** 2)) ?? Buffer.from('absent');

  describe('an OCI layout', () => {
    it('keeps an index over two platforms byte for byte, whatever order the entries come in', async () => {
      const layout = new LayoutBuilder();
      const shared = await layerTar('base', noise(3_000_000));
      const amd = layout.addImage([shared, await layerTar('a', 'amd')]);
      const arm = layout.addImage([shared, await layerTar('a', 'arm')]);
      const index = layout.addIndex([
        { ...amd, platform: { os: 'linux', architecture: 'amd64' } },
        { ...arm, platform: { os: 'linux', architecture: 'arm64' } },
      ]);
      const parts = layout.layout([index]);
      for (const ordered of [parts, parts.toReversed()]) {
        const image = await read(ordered);
        expect(image.root).toEqual(index);
        expect(image.manifests.map((manifest) => manifest.digest)).toEqual([amd.digest, arm.digest, index.digest]);
        expect(image.blobs).toHaveLength(5);
        expect([...image.manifests, ...image.blobs].map((one) => one.digest).toSorted()).toEqual(
          [...layout.blobs.keys()].toSorted(),
        );
      }
      for (const [digest, bytes] of layout.blobs) expect(Buffer.compare(await bytesOf(digest), bytes)).toBe(0);
    });

    it('takes sha512 names, large and small', async () => {
      const layout = new LayoutBuilder();
      const image = layout.addImage([await layerTar('big', noise(2_500_000))], { algorithm: 'sha512' });
      const { root, blobs } = await read(layout.layout([image]));
      expect(root.digest).toBe(image.digest);
      expect(
        blobs.every((blob) => blob.digest.startsWith('sha512:') && depot.find(blob.digest)?.sizeBytes === blob.size),
      ).toBe(true);
    });

    it('keeps uncompressed layers as they are, for the digest is its author’s', async () => {
      const layout = new LayoutBuilder();
      const tar = await layerTar('text', 'words '.repeat(500_000));
      const image = layout.addImage([tar], { uncompressed: true });
      const { root } = await read(layout.layout([image]));
      expect(root.digest).toBe(image.digest);
      expect(Buffer.compare(await bytesOf(digestOf(tar)), tar)).toBe(0);
    });

    it('lets foreign layers and subjects be absent', async () => {
      const layout = new LayoutBuilder();
      const foreign = {
        mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
        digest: digestOf(Buffer.from('far')),
        size: 3,
      };
      const image = layout.addImage([await layerTar('a', 'a')], { moreLayers: [foreign] });
      const { blobs } = await read(layout.layout([image]));
      expect(blobs.map((blob) => blob.digest)).not.toContain(foreign.digest);
    });

    it.each([
      ['the release without host', 'team/app:1.2.3'],
      ['the release with a host', 'harbor.example:8443/team/app:1.2.3'],
      ['the tag alone', '1.2.3'],
    ])('chooses among several by %s', async (_, name) => {
      const layout = new LayoutBuilder();
      const one = layout.addImage([await layerTar('a', 'one')]);
      const other = layout.addImage([await layerTar('a', 'other')]);
      expect((await read(layout.layout([named(other, 'other:9'), named(one, name)]))).root.digest).toBe(one.digest);
    });

    it('takes the only image whatever its name, and one image under two names', async () => {
      const layout = new LayoutBuilder();
      const one = layout.addImage([await layerTar('a', 'one')]);
      expect((await read(layout.layout([named(one, 'else:1')]))).root.digest).toBe(one.digest);
      expect((await read(layout.layout([named(one, 'else:1'), named(one, 'else:2')]))).root.digest).toBe(one.digest);
    });
  });

  describe('docker save', () => {
    it('makes one image of config and gzipped layers, the same however the bytes arrive', async () => {
      const tars = [await layerTar('base', 'lorem ipsum '.repeat(300_000)), await layerTar('app', noise(200_000))];
      const parts = dockerSave([{ tags: [RELEASE], layerTars: tars }]);
      const image = await read(parts);
      const manifest = parseManifest(await bytesOf(image.root.digest), OCI_MANIFEST);
      if (manifest.kind !== 'image') throw new Error('an index');
      expect(Buffer.compare(await bytesOf(manifest.config.digest), configOf(tars))).toBe(0);
      expect(manifest.layers.map((layer) => layer.mediaType)).toEqual([OCI_LAYER_GZIP, OCI_LAYER_GZIP]);
      for (const [index, layer] of manifest.layers.entries()) {
        expect(Buffer.compare(gunzipSync(await bytesOf(layer.digest)), tars[index] ?? Buffer.alloc(0))).toBe(0);
      }
      expect(image.blobs).toEqual([manifest.config, ...manifest.layers]);
      for (const [order, pieceBytes] of [
        [parts.toReversed(), 777],
        [parts, 1_000_003],
        [parts, 4_096],
      ] as const) {
        expect((await read(order, RELEASE, pieceBytes)).root).toEqual(image.root);
      }
    });

    it('follows layers that are links to others, symbolic and hard', async () => {
      const tar = await layerTar('a', 'a');
      const config = configOf([tar, tar, tar]);
      const hex = digestHex(digestOf(tar));
      const image = await read([
        { name: 'one/', type: 'directory' },
        { name: 'one/layer.tar', type: 'symlink', target: `../${hex}.tar` },
        { name: 'two/layer.tar', type: 'link', target: 'one/layer.tar' },
        { name: `${hex}.tar`, bytes: tar },
        { name: 'config.json', bytes: config },
        {
          name: 'manifest.json',
          bytes: JSON.stringify([
            { Config: './config.json', RepoTags: null, Layers: ['one/layer.tar', 'two/layer.tar', `${hex}.tar`] },
          ]),
        },
      ]);
      const manifest = parseManifest(await bytesOf(image.root.digest), OCI_MANIFEST);
      expect(manifest.kind === 'image' && new Set(manifest.layers.map((layer) => layer.digest)).size).toBe(1);
      expect(image.blobs).toHaveLength(2);
    });

    it('keeps compressed layers as they are, with their type', async () => {
      const tars = [await layerTar('a', noise(1_500_000)), await layerTar('b', 'b')];
      const packed = [gzipSync(tars[0] ?? ''), zstdCompressSync(tars[1] ?? '')];
      const image = await read([
        { name: 'sha256:config', bytes: configOf(tars) },
        { name: 'a.tar.gz', bytes: packed[0] },
        { name: 'b', bytes: packed[1] },
        {
          name: 'manifest.json',
          bytes: JSON.stringify([{ Config: 'sha256:config', RepoTags: [], Layers: ['a.tar.gz', 'b'] }]),
        },
      ]);
      expect(image.blobs.slice(1)).toEqual(
        packed.map((bytes, index) => ({
          mediaType: [OCI_LAYER_GZIP, OCI_LAYER_ZSTD][index],
          digest: digestOf(bytes),
          size: bytes.byteLength,
        })),
      );
    });

    it.each(['team/app:1.2.3', 'localhost/team/app:1.2.3', '10.0.0.1:5000/team/app:1.2.3'])(
      'chooses among several the one tagged %s',
      async (tag) => {
        const tars = [await layerTar('a', 'wanted')];
        const alone = await read(dockerSave([{ tags: [RELEASE], layerTars: tars }]));
        const other = { tags: ['other/team/app:1.2.3', 'team/app:1.2.4'], layerTars: [await layerTar('a', 'other')] };
        expect((await read(dockerSave([other, { tags: [tag], layerTars: tars }]))).root).toEqual(alone.root);
      },
    );
  });

  describe('docker save of Docker 25 and later', () => {
    const dockerManifest = (config: Uint8Array, tars: readonly Uint8Array[]): Part => ({
      name: 'manifest.json',
      bytes: JSON.stringify([
        {
          Config: `blobs/sha256/${digestHex(digestOf(config))}`,
          RepoTags: [RELEASE],
          Layers: tars.map((tar) => `blobs/sha256/${digestHex(digestOf(tar))}`),
        },
      ]),
    });

    it('composes an image of uncompressed layers anew, with the digest that the older form gets', async () => {
      const tars = [await layerTar('a', 'a'.repeat(50_000)), await layerTar('b', 'b')];
      const layout = new LayoutBuilder();
      const saved = layout.addImage(tars, { uncompressed: true });
      const image = await read([...layout.layout([named(saved, '1.2.3')]), dockerManifest(configOf(tars), tars)]);
      expect(image.root).toEqual((await read(dockerSave([{ tags: [RELEASE], layerTars: tars }]))).root);
    });

    it('keeps the manifest of compressed layers', async () => {
      const tars = [await layerTar('a', 'a')];
      const layout = new LayoutBuilder();
      const saved = layout.addImage(tars);
      expect(
        (
          await read([
            ...layout.layout([saved]),
            dockerManifest(
              configOf(tars),
              tars.map((tar) => gzipSync(tar)),
            ),
          ])
        ).root,
      ).toEqual(saved);
    });

    it('takes the one platform that an index saved after a pull has', async () => {
      const tars = [await layerTar('a', 'a')];
      const layout = new LayoutBuilder();
      const here = layout.addImage(tars);
      const index = layout.addIndex([{ mediaType: OCI_MANIFEST, digest: digestOf(Buffer.from('arm')), size: 3 }, here]);
      const image = await read([
        ...layout.layout([index]),
        dockerManifest(
          configOf(tars),
          tars.map((tar) => gzipSync(tar)),
        ),
      ]);
      expect(image.root).toEqual(here);
      expect(image.manifests).toEqual([here]);
    });
  });

  it.each(['gzip', 'zstd'])('reads an archive that is compressed as a whole with %s', async (form) => {
    const parts = dockerSave([{ tags: [RELEASE], layerTars: [await layerTar('a', noise(300_000))] }]);
    const tar = await tarOf(parts);
    const packed = form === 'gzip' ? gzipSync(tar) : zstdCompressSync(tar);
    const image = await readArchive({ archive: inPieces(packed, 1_000), depot, tag: RELEASE, signal });
    expect(image).toEqual(await read(parts));
  });

  it('says what it landed, wanted or not, and lands the same archive again to the same end', async () => {
    const parts = dockerSave([{ tags: [RELEASE], layerTars: [await layerTar('a', 'a')] }]);
    const stored = new Set<Digest>();
    const archive = inPieces(await tarOf(parts));
    const image = await readArchive({
      archive,
      depot,
      tag: RELEASE,
      signal,
      onStored: ({ digest }) => void stored.add(digest),
    });
    for (const blob of image.blobs) expect(stored).toContain(blob.digest);
    expect(await read(parts)).toEqual(image);
  });
});
