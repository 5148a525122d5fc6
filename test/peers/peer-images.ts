import { createCipheriv, createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestHex, digestOf } from '../../src/oci/digest.ts';
import { OCI_CONFIG, OCI_LAYER_TAR, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { DockerRegistry } from '../support/docker-registry.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { skopeo } from '../support/skopeo.ts';
import type { TestImage } from '../support/test-image.ts';
import { LayoutBuilder, layerTar, named, noise } from '../sync/archive/archive-builder.ts';

/** Lets skopeo push an image, all its platforms, to a registry, byte for byte. */
export async function pushBySkopeo(
  image: TestImage,
  target: Pick<DockerRegistry, 'address'>,
  name: string,
  flags: readonly string[] = [],
): Promise<void> {
  await using from = await openTestRegistry();
  await seedImage(from, 'made/here', 'now', image);
  await skopeo([
    'copy',
    '--all',
    '--preserve-digests',
    '--src-tls-verify=false',
    '--dest-tls-verify=false',
    ...flags,
    `docker://${from.address}/made/here:now`,
    `docker://${target.address}/${name}`,
  ]);
}

/** The digest that a registry answers for a reference, by the bytes that skopeo gets there. */
export async function digestBySkopeo(reference: string, flags: readonly string[] = []): Promise<string> {
  return digestOf(
    Buffer.from(await skopeo(['inspect', '--raw', '--tls-verify=false', ...flags, `docker://${reference}`])),
  );
}

/** Lets skopeo pull a whole image into a folder (it verifies every digest), and answers the root's digest. */
export async function pullBySkopeo(reference: string, folder: string, flags: readonly string[] = []): Promise<string> {
  await mkdir(folder, { recursive: true });
  await skopeo([
    'copy',
    '--all',
    '--preserve-digests',
    '--src-tls-verify=false',
    ...flags,
    `docker://${reference}`,
    `dir:${folder}`,
  ]);
  return digestOf(await readFile(join(folder, 'manifest.json')));
}

/** An archive that skopeo writes, of an image with real layers; `digest` is the image's in the layout it was made of. */
export async function makeArchive(
  folder: string,
  kind: 'docker-archive' | 'oci-archive',
  appBytes?: number,
): Promise<{ file: string; digest: string }> {
  const { digest } = await makeLayout(join(folder, 'layout'), appBytes);
  const file = join(folder, `${kind}.tar`);
  await skopeo([
    '--override-os=linux',
    '--override-arch=amd64',
    `--tmpdir=${folder}`,
    'copy',
    `oci:${join(folder, 'layout')}:1.2.3`,
    `${kind}:${file}:team/app:1.2.3`,
  ]);
  return { file, digest };
}

/** An OCI layout of an image with real layers, which runtimes can unpack; it is `1.2.3` there. */
export async function makeLayout(folder: string, appBytes = 3_000_000): Promise<{ digest: string }> {
  const layout = new LayoutBuilder();
  const layers = [await layerTar('base', 'words '.repeat(100_000)), await layerTar('app', noise(appBytes))];
  const image = layout.addImage(layers, { config: { config: { Cmd: ['/app'] } } });
  await writeLayout(folder, layout, image);
  return { digest: image.digest };
}

/** The same of an index of two platforms, with an attestation each as BuildKit hangs it there. */
export async function makeIndexLayout(folder: string, appBytes: number): Promise<{ digest: string }> {
  const layout = new LayoutBuilder();
  const base = await layerTar('base', 'words '.repeat(10_000));
  const children: Descriptor[] = [];
  for (const [n, architecture] of ['amd64', 'arm64'].entries()) {
    const layers = [base, await layerTar('app', noise(appBytes, n + 1))];
    const image = layout.addImage(layers, { config: { architecture } });
    children.push({ ...image, platform: { os: 'linux', architecture } }, layout.addAttestation(image.digest));
  }
  const index = layout.addIndex(children);
  await writeLayout(folder, layout, index);
  return { digest: index.digest };
}

async function writeLayout(folder: string, layout: LayoutBuilder, root: Descriptor): Promise<void> {
  for (const { name, bytes = '' } of layout.layout([named(root, '1.2.3')])) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
}

const PIECE_BYTES = 1_000_000;

/** An image with one layer of so many bytes that do not compress, as skopeo's `dir:` has it; never all in memory. */
export async function makeLargeImage(folder: string, layerBytes: number): Promise<string> {
  await mkdir(folder, { recursive: true });
  const hash = createHash('sha256');
  const noiseMaker = createCipheriv('aes-256-ctr', Buffer.alloc(32, 7), Buffer.alloc(16));
  const zeros = Buffer.alloc(PIECE_BYTES);
  const path = join(folder, 'layer');
  await pipeline(function* pieces() {
    for (let at = 0; at < layerBytes; at += PIECE_BYTES) {
      const piece = noiseMaker.update(zeros.subarray(0, Math.min(PIECE_BYTES, layerBytes - at)));
      hash.update(piece);
      yield piece;
    }
  }, createWriteStream(path));
  const layer = `sha256:${hash.digest('hex')}`;
  await rename(path, join(folder, layer.slice('sha256:'.length)));
  const rootfs = { type: 'layers', diff_ids: [layer] };
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs }));
  await writeFile(join(folder, digestHex(digestOf(config))), config);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: digestOf(config), size: config.byteLength },
      layers: [{ mediaType: OCI_LAYER_TAR, digest: layer, size: layerBytes }],
    }),
  );
  await writeFile(join(folder, 'manifest.json'), manifest);
  await writeFile(join(folder, 'version'), 'Directory Transport Version: 1.1\n');
  return digestOf(manifest);
}
