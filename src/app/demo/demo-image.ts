import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import type { RegistryFolder } from '../../depot/registry-folder/registry-folder.ts';
import { digestOf } from '../../oci/digest.ts';
import { type Manifest, parseManifest } from '../../oci/manifest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../oci/media-types.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { Tag } from '../../oci/tag.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

/** A layer as the files that go into it. `share` takes a part of one large file, so that platforms differ. */
type LayerFiles = { readonly path: string; readonly share?: readonly [from: number, to: number] };

export type DemoImage = { readonly sizeBytes: number; readonly layers: number; readonly root: Manifest };

/**
 * Makes an image for two platforms out of files that are really here (this Node, the dependencies, the sources) and
 * puts it into the origin as CI would have: real tars in real gzip, some of them shared between the platforms.
 */
export async function putDemoImage(origin: RegistryFolder, name: RepositoryName, tag: Tag): Promise<DemoImage> {
  const modules = ['zod', 'kysely', 'hono'].map((module) => ({ path: join(ROOT, 'node_modules', module) }));
  // Compressing is what takes the time: all at once uses every core.
  const [dependencies, sources, amd64, arm64] = await Promise.all([
    makeLayer(modules),
    makeLayer([{ path: join(ROOT, 'src') }, { path: join(ROOT, 'bin') }]),
    makeLayer([{ path: process.execPath, share: [0, 0.5] }]),
    makeLayer([{ path: process.execPath, share: [0.5, 1] }]),
  ]);
  let sizeBytes = 0;
  const digests = new Set<string>();
  const put = async (bytes: Uint8Array, mediaType: string) => {
    const digest = digestOf(bytes);
    if (!digests.has(digest)) {
      const id = await origin.startUpload(name, 'sha256');
      await origin.appendUpload(name, id, { body: Readable.from([bytes]) });
      await origin.finishUpload(name, id, digest);
      digests.add(digest);
      sizeBytes += bytes.byteLength;
    }
    return { mediaType, digest, size: bytes.byteLength };
  };
  const children = [];
  for (const [architecture, runtime] of Object.entries({ amd64, arm64 })) {
    const layers = [runtime, dependencies, sources];
    const config = {
      architecture,
      os: 'linux',
      config: { Cmd: ['node', 'bin/entrepot.js'] },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    };
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: await put(toBytes(config), OCI_CONFIG),
      layers: await Promise.all(layers.map((layer) => put(layer.bytes, OCI_LAYER_GZIP))),
    };
    const child = parseManifest(toBytes(manifest), OCI_MANIFEST);
    await origin.putManifest(name, child, []);
    sizeBytes += child.bytes.byteLength;
    children.push({
      mediaType: OCI_MANIFEST,
      digest: child.digest,
      size: child.bytes.byteLength,
      platform: { os: 'linux', architecture },
    });
  }
  const root = parseManifest(toBytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: children }), OCI_INDEX);
  await origin.putManifest(name, root, [tag]);
  return { sizeBytes: sizeBytes + root.bytes.byteLength, layers: digests.size - children.length, root };
}

function toBytes(document: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}

async function makeLayer(sources: readonly LayerFiles[]): Promise<{ bytes: Uint8Array; diffId: string }> {
  const tar = pack();
  const filling = (async () => {
    for (const source of sources) {
      for (const path of await findFiles(source.path)) {
        const content = await readFile(path);
        const [from, to] = source.share ?? [0, 1];
        const part = content.subarray(Math.floor(content.byteLength * from), Math.floor(content.byteLength * to));
        tar.entry({ name: relative(ROOT, path).replaceAll('../', ''), mtime: new Date(0), mode: 0o644 }, part);
      }
    }
    tar.finalize();
  })();
  const plain: Uint8Array[] = [];
  for await (const piece of tar) plain.push(piece as Uint8Array);
  await filling;
  const tarBytes = Buffer.concat(plain);
  const packed: Uint8Array[] = [];
  for await (const piece of Readable.from([tarBytes]).pipe(createGzip({ level: 1 }))) packed.push(piece as Uint8Array);
  return { bytes: Buffer.concat(packed), diffId: digestOf(tarBytes) };
}

async function findFiles(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
