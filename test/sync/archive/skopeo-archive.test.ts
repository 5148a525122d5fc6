import { execFile } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestHex } from '../../../src/oci/digest.ts';
import { readArchive } from '../../../src/sync/archive/read-archive.ts';
import { LayoutBuilder, layerTar, named, noise } from './archive-builder.ts';
import { memoryDepot } from './memory-depot.ts';

const SKOPEO = '/usr/bin/skopeo';
const run = promisify(execFile);
const signal = new AbortController().signal;

describe.skipIf(!existsSync(SKOPEO))('archives that skopeo makes', () => {
  let folder: string;
  let image: Descriptor;
  let layerTars: Buffer[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entrepot-skopeo-'));
    layerTars = [await layerTar('base', 'words '.repeat(100_000)), await layerTar('app', noise(700_000))];
    const layout = new LayoutBuilder();
    image = layout.addImage(layerTars, { config: { config: { Cmd: ['/app'] } } });
    for (const { name, bytes = '' } of layout.layout([named(image, '1.2.3')])) {
      await mkdir(dirname(join(folder, 'layout', name)), { recursive: true });
      await writeFile(join(folder, 'layout', name), bytes);
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  const copyTo = async (kind: 'oci-archive' | 'docker-archive') => {
    const file = join(folder, `${kind}.tar`);
    await rm(file, { force: true });
    const policy = ['--insecure-policy', '--override-os', 'linux', '--override-arch', 'amd64', '--tmpdir', folder];
    await run(SKOPEO, [...policy, 'copy', `oci:${join(folder, 'layout')}:1.2.3`, `${kind}:${file}:team/app:1.2.3`]);
    return file;
  };
  const read = (file: string, depot = memoryDepot()) =>
    readArchive({ archive: createReadStream(file), depot, tag: 'team/app:1.2.3', signal });

  it('oci-archive keeps the digest', async () => {
    expect((await read(await copyTo('oci-archive'))).root).toEqual(image);
  });

  it('docker-archive becomes an image that skopeo can read back to the same layers', async () => {
    const depot = memoryDepot();
    const result = await read(await copyTo('docker-archive'), depot);
    expect((await read(await copyTo('docker-archive'))).root).toEqual(result.root);
    const layout = join(folder, 'back');
    for (const [digest, bytes] of depot.blobs) {
      await mkdir(join(layout, 'blobs/sha256'), { recursive: true });
      await writeFile(join(layout, 'blobs/sha256', digestHex(digest)), bytes);
    }
    await writeFile(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    await writeFile(
      join(layout, 'index.json'),
      JSON.stringify({ schemaVersion: 2, manifests: [named(result.root, '1.2.3')] }),
    );
    const unpacked = join(folder, 'unpacked');
    await run(SKOPEO, [
      '--insecure-policy',
      '--tmpdir',
      folder,
      'copy',
      '--dest-decompress',
      `oci:${layout}:1.2.3`,
      `dir:${unpacked}`,
    ]);
    const manifest: { layers: { digest: string }[] } = JSON.parse(
      await readFile(join(unpacked, 'manifest.json'), 'utf8'),
    );
    const read_ = await Promise.all(
      manifest.layers.map((layer) => readFile(join(unpacked, layer.digest.replace('sha256:', '')))),
    );
    expect(read_.map((bytes, index) => Buffer.compare(bytes, layerTars[index] ?? Buffer.alloc(0)))).toEqual([0, 0]);
  });
});
