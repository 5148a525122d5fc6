import { setImmediate } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Failure, isFailure } from '../../../src/kernel/failure.ts';
import { digestHex, digestOf } from '../../../src/oci/digest.ts';
import { OCI_LAYER_GZIP, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import type { ArchiveLimits } from '../../../src/sync/archive/archive-limits.ts';
import { readArchive } from '../../../src/sync/archive/read-archive.ts';
import { eventually } from '../../support/eventually.ts';
import {
  blobPath,
  configOf,
  dockerSave,
  inPieces,
  LayoutBuilder,
  layerTar,
  layoutDocuments,
  named,
  noise,
  type Part,
  tarOf,
} from './archive-builder.ts';
import { type MemoryDepot, memoryDepot } from './memory-depot.ts';

const RELEASE = 'team/app:1.2.3';
const signal = new AbortController().signal;
const EVIL_ENTRY: [string, Part][] = [
  ['a name that climbs out', { name: '../x', bytes: 'x' }],
  ['a name that climbs out from within', { name: 'a/../../x', bytes: 'x' }],
  ['a folder that climbs out', { name: 'a/../', type: 'directory' }],
  ['an absolute name', { name: '/etc/passwd', bytes: 'x' }],
  ['a backslash', { name: 'blobs\\sha256\\x', bytes: 'x' }],
  ['a control character', { name: 'a\nb', bytes: 'x' }],
  ['a name that is too long', { name: 'x'.repeat(5_000), bytes: 'x' }],
  ['a symbolic link that climbs out', { name: 'a/b', type: 'symlink', target: '../../x' }],
  ['an absolute symbolic link', { name: 'a', type: 'symlink', target: '/etc/passwd' }],
  ['a hard link that climbs out', { name: 'a/b', type: 'link', target: '../x' }],
  ['a pipe', { name: 'p', type: 'fifo' }],
  ['a sparse file of pax', { name: 's', bytes: 'x', pax: { 'GNU.sparse.major': '1' } }],
  ['a blob named by no digest', { name: 'blobs/sha256/abc', bytes: 'x' }],
  ['a blob whose bytes are others', { name: blobPath(digestOf(Buffer.from('right'))), bytes: 'wrong' }],
];

describe('an archive that must be refused', () => {
  let depot: MemoryDepot;
  beforeEach(() => {
    depot = memoryDepot();
  });
  // Whatever was refused, nothing is still being written.
  afterEach(() => expect(depot.isLanding()).toBe(false));

  const readBytes = (bytes: Uint8Array, limits: Partial<ArchiveLimits> = {}) =>
    readArchive({ archive: inPieces(bytes, 10_000), depot, tag: RELEASE, signal, limits });
  const read = async (parts: readonly Part[], limits?: Partial<ArchiveLimits>) => readBytes(await tarOf(parts), limits);
  const refusal = async (reading: Promise<unknown>): Promise<Failure> => {
    const error = await reading.then(
      () => new Error('was accepted'),
      (caught: unknown) => caught,
    );
    if (!isFailure(error)) throw error;
    return error;
  };
  const expectInvalid = async (reading: Promise<unknown>, ...words: string[]) => {
    const { code, message } = await refusal(reading);
    for (const word of words) expect(message).toContain(word);
    expect(code).toBe('archive_invalid');
  };

  it.each(EVIL_ENTRY)('has an entry with %s', async (_, evil) => {
    const good = dockerSave([{ tags: [RELEASE], layerTars: [await layerTar('a', 'a')] }]);
    await expect(read(good)).resolves.toBeDefined();
    await expectInvalid(read([...good, evil]));
    await expectInvalid(read([evil, ...good]));
  });

  it('has an entry twice', async () => {
    await expectInvalid(
      read([
        { name: 'a', bytes: '1' },
        { name: './a', bytes: '2' },
      ]),
      '"a" comes twice',
    );
  });

  it('has a sparse file of the old GNU form', async () => {
    const tar = await tarOf([{ name: 'sparse', bytes: 'x' }]);
    tar[156] = 'S'.charCodeAt(0);
    tar.write(
      `${tar
        .subarray(0, 512)
        .reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    await expectInvalid(readBytes(tar), 'unknown kind');
  });

  it('is empty, no tar, an empty tar, no image, or a folder that was packed', async () => {
    await expectInvalid(readBytes(Buffer.alloc(0)), 'empty');
    await expectInvalid(readBytes(noise(100_000)), 'not a tar');
    await expectInvalid(readBytes(Buffer.from('<html>no</html>')), 'cut short');
    await expectInvalid(read([]), 'neither a manifest.json nor an oci-layout');
    await expectInvalid(read([{ name: 'README.md', bytes: 'hello' }]), 'no image');
    const layout = new LayoutBuilder();
    const parts = layout.layout([layout.addImage([await layerTar('a', 'a')])]);
    await expectInvalid(
      read(parts.map((part) => ({ ...part, name: `layout/${part.name}` }))),
      '"layout"',
      'pack what is in it',
    );
  });

  it.each([
    ['xz', 'fd377a585a000004'],
    ['bzip2', '425a6839314159'],
    ['zip', '504b030414000000'],
  ])('is compressed with %s', async (name, hex) => {
    await expectInvalid(readBytes(Buffer.concat([Buffer.from(hex, 'hex'), noise(2_000)])), name);
  });

  describe('for its size', () => {
    it('is over the limit as sent', async () => {
      const { code } = await refusal(
        read(dockerSave([{ tags: [RELEASE], layerTars: [noise(100_000)] }]), { archiveBytes: 50_000 }),
      );
      expect(code).toBe('body_too_large');
    });

    it.each([gzipSync, zstdCompressSync])('is over the limit once unpacked', async (compress) => {
      const bomb = compress(Buffer.alloc(40 * 1024 ** 2));
      expect(bomb.byteLength).toBeLessThan(100_000);
      const { code } = await refusal(readBytes(bomb, { archiveBytes: 1024 ** 2 }));
      expect(code).toBe('body_too_large');
    });

    it('has a layer that unpacks beyond the limit', async () => {
      const zeros = Buffer.alloc(20 * 1024 ** 2);
      const parts: Part[] = [
        { name: 'config', bytes: configOf([zeros]) },
        { name: 'layer', bytes: gzipSync(zeros) },
        { name: 'manifest.json', bytes: JSON.stringify([{ Config: 'config', Layers: ['layer'] }]) },
      ];
      await expect(read(parts)).resolves.toBeDefined();
      await expectInvalid(read(parts, { archiveBytes: 1024 ** 2 }), 'layer', 'unpack to more');
    });

    it('has too many entries', async () => {
      const parts = dockerSave([{ tags: [RELEASE], layerTars: [await layerTar('a', 'a')] }]);
      await expect(read(parts, { entries: parts.length })).resolves.toBeDefined();
      await expectInvalid(read(parts, { entries: parts.length - 1 }), `more than ${parts.length - 1} entries`);
    });

    it.each(['manifest.json', 'index.json', 'oci-layout'])('has a giant %s', async (name) => {
      await expectInvalid(read([{ name, bytes: `[${' '.repeat(5 * 1024 ** 2)}]` }]), name, 'over the limit');
    });

    it('has a giant manifest or config', async () => {
      const layout = new LayoutBuilder();
      const giant = layout.add(OCI_MANIFEST, `{"schemaVersion":2${' '.repeat(5 * 1024 ** 2)}}`);
      await expectInvalid(read(layout.layout([giant])), giant.digest, 'over the limit');
      const tars = [await layerTar('a', 'a')];
      const config = configOf(tars, { comment: ' '.repeat(5 * 1024 ** 2) });
      await expectInvalid(
        read(dockerSave([{ tags: [RELEASE], layerTars: tars, config }])),
        'lacks',
        digestHex(digestOf(config)),
      );
    });

    it('has an index nested too deep', async () => {
      const layout = new LayoutBuilder();
      let root = layout.addImage([await layerTar('a', 'a')]);
      for (let depth = 0; depth < 4; depth += 1) root = layout.addIndex([root]);
      await expect(read(layout.layout([root]))).resolves.toMatchObject({ root });
      await expectInvalid(read(layout.layout([layout.addIndex([root])])), 'nested');
    });

    it('does not fit into the depot', async () => {
      depot = memoryDepot({ limitBytes: 100_000 });
      const { code } = await refusal(read(dockerSave([{ tags: [RELEASE], layerTars: [noise(4_000_000)] }])));
      expect(code).toBe('depot_full');
    });
  });

  describe('as an OCI layout', () => {
    it('lacks blobs, all of which are named', async () => {
      const layout = new LayoutBuilder();
      const child = layout.addImage([await layerTar('a', 'a'), await layerTar('b', 'b')]);
      const index = layout.addIndex([
        child,
        { mediaType: OCI_MANIFEST, digest: digestOf(Buffer.from('gone')), size: 4 },
      ]);
      const gone = [...layout.blobs].filter(([, bytes]) => bytes[0] === 0x1f).map(([digest]) => digest);
      for (const digest of gone) layout.blobs.delete(digest);
      expect(gone).toHaveLength(2);
      await expectInvalid(read(layout.layout([index])), ...gone, digestOf(Buffer.from('gone')), index.digest);
      layout.blobs.delete(index.digest);
      await expectInvalid(read(layout.layout([index])), `manifest ${index.digest} of the index.json`);
    });

    it('says other sizes than there are', async () => {
      const layout = new LayoutBuilder();
      const image = layout.addImage([await layerTar('a', 'a')]);
      await expectInvalid(
        read(layout.layout([{ ...image, size: image.size + 1 }])),
        image.digest,
        `${image.size + 1} bytes`,
      );
      const layer = layout.add(OCI_LAYER_GZIP, gzipSync('layer'));
      const wrong = layout.addImage([], { moreLayers: [{ ...layer, size: 1 }] });
      await expectInvalid(read(layout.layout([wrong])), layer.digest);
    });

    it('has several images and none is meant', async () => {
      const layout = new LayoutBuilder();
      const one = layout.addImage([await layerTar('a', 'one')]);
      const other = layout.addImage([await layerTar('a', 'other')]);
      await expectInvalid(
        read(layout.layout([named(one, '1.2.2'), other])),
        '1.2.2',
        one.digest,
        `unnamed (${other.digest})`,
      );
      await expectInvalid(read(layout.layout([named(one, '1.2.3'), named(other, '1.2.3')])), RELEASE);
      await expectInvalid(read(layoutDocuments([])), 'no image');
    });

    it('has documents that are wrong', async () => {
      const layout = new LayoutBuilder();
      const image = layout.addImage([await layerTar('a', 'a')]);
      const [index, marker] = layoutDocuments([image]);
      if (index === undefined || marker === undefined) throw new Error('no documents');
      await expectInvalid(read([...layout.parts(), index]), 'no oci-layout');
      await expectInvalid(read([...layout.parts(), marker]), 'no index.json');
      await expectInvalid(
        read([...layout.parts(), index, { ...marker, bytes: '{"imageLayoutVersion":"2.0.0"}' }]),
        'oci-layout',
      );
      await expectInvalid(read([...layout.parts(), { ...index, bytes: '{"manifests":{}}' }, marker]), 'index.json');
      await expectInvalid(read([...layout.parts(), { ...index, bytes: 'nonsense' }, marker]), 'index.json', 'not JSON');
      const nonsense = layout.add(OCI_MANIFEST, '{"schemaVersion":1}');
      await expectInvalid(read(layout.layout([nonsense])), nonsense.digest);
      const tar = layout.add(OCI_MANIFEST, await layerTar('a', 'a'));
      await expectInvalid(read(layout.layout([tar])), tar.digest, 'not JSON');
    });
  });

  describe('as docker save', () => {
    const withManifest = (manifest: unknown, ...parts: Part[]) =>
      read([...parts, { name: 'manifest.json', bytes: JSON.stringify(manifest) }]);

    it('lacks a layer or its config', async () => {
      const tars = [await layerTar('a', 'a'), await layerTar('b', 'b')];
      const parts = dockerSave([{ tags: [RELEASE], layerTars: tars }]);
      for (const gone of parts.filter((part) => /layer\.tar$|^[0-9a-f]{64}\.json$/.test(part.name))) {
        await expectInvalid(read(parts.filter((part) => part !== gone)), gone.name, 'lacks');
      }
    });

    it('has layers that are not what the config says', async () => {
      const [right, wrong] = [await layerTar('a', 'right'), await layerTar('a', 'wrong')];
      await expectInvalid(
        read(dockerSave([{ tags: [RELEASE], layerTars: [wrong], config: configOf([right]) }])),
        'layer.tar',
        digestOf(wrong),
        digestOf(right),
      );
      const config = { name: 'config', bytes: configOf([right]) };
      await expectInvalid(
        withManifest([{ Config: 'config', Layers: ['l'] }], config, { name: 'l', bytes: gzipSync(wrong) }),
        'layer l',
      );
      await expectInvalid(
        withManifest([{ Config: 'config', Layers: ['l', 'l'] }], config, { name: 'l', bytes: right }),
        '1 layers',
        '2',
      );
      await expectInvalid(
        withManifest([{ Config: 'config', Layers: ['l'] }], config, {
          name: 'l',
          bytes: gzipSync(right).subarray(0, -4),
        }),
        'layer l',
        'cut short',
      );
      await expectInvalid(
        withManifest([{ Config: 'config', Layers: ['config'] }], config),
        'neither a tar nor compressed',
      );
    });

    it('has a config that is none, or another than its name says', async () => {
      await expectInvalid(
        withManifest([{ Config: 'c', Layers: [] }], { name: 'c', bytes: 'no' }),
        'config c',
        'not JSON',
      );
      await expectInvalid(
        withManifest([{ Config: 'c', Layers: [] }], { name: 'c', bytes: '{"os":"linux"}' }),
        'architecture',
      );
      await expectInvalid(
        withManifest([{ Config: 'c', Layers: [] }], { name: 'c', bytes: await layerTar('a', 'a') }),
        'not JSON',
      );
      const name = `${'a'.repeat(64)}.json`;
      await expectInvalid(withManifest([{ Config: name, Layers: [] }], { name, bytes: configOf([]) }), name);
    });

    it('has a manifest.json that is none', async () => {
      await expectInvalid(withManifest({}), 'manifest.json');
      await expectInvalid(withManifest([]), 'no image');
      await expectInvalid(withManifest([{ Config: '../c', Layers: [] }]), 'climbs out');
    });

    it('has links that lead in a circle or nowhere', async () => {
      const config = { name: 'c', bytes: configOf([await layerTar('a', 'a')]) };
      const circle: Part[] = [
        { name: 'a', type: 'symlink', target: 'b' },
        { name: 'b', type: 'symlink', target: 'a' },
      ];
      await expectInvalid(withManifest([{ Config: 'c', Layers: ['a'] }], config, ...circle), 'circle');
      await expectInvalid(
        withManifest([{ Config: 'c', Layers: ['a'] }], config, { name: 'a', type: 'symlink', target: 'x' }),
        'lacks a',
      );
    });

    it('has several images and none is meant', async () => {
      const images = ['1', '2'].map(async (tag) => ({
        tags: [`team/app:${tag}`],
        layerTars: [await layerTar('a', tag)],
      }));
      await expectInvalid(read(dockerSave(await Promise.all(images))), 'team/app:1', 'team/app:2', RELEASE);
    });
  });

  describe('wherever it is cut or changed', () => {
    const archives = async () => {
      const layerTars = [await layerTar('a', noise(1_200)), await layerTar('b', 'b')];
      const layout = new LayoutBuilder();
      const [marker, index] = layoutDocuments([layout.addImage(layerTars)]).toReversed();
      const saved = await tarOf(dockerSave([{ tags: [RELEASE], layerTars }]));
      if (marker === undefined || index === undefined) throw new Error('no documents');
      // The last entry of each is one that it cannot do without.
      return [await tarOf([marker, ...layout.parts(), index]), saved, gzipSync(saved), zstdCompressSync(saved)];
    };
    const outcome = (bytes: Uint8Array, pieceBytes: number) =>
      readArchive({ archive: inPieces(bytes, pieceBytes), depot: memoryDepot(), tag: RELEASE, signal }).catch(
        (error: unknown) => {
          if (isFailure(error, 'archive_invalid', 'body_too_large')) return error.code;
          throw error;
        },
      );

    it('is refused when cut, unless only padding is gone', async () => {
      for (const [which, archive] of (await archives()).entries()) {
        const whole = await outcome(archive, 4_096);
        // A tar ends in two blocks of zeros, after the last entry's own padding.
        const content = which < 2 ? archive.findLastIndex((byte) => byte !== 0) + 1 : archive.byteLength;
        await fc.assert(
          fc.asyncProperty(
            fc.integer({ min: 0, max: archive.byteLength - 1 }),
            fc.integer({ min: 1, max: 5_000 }),
            async (cut, pieceBytes) => {
              const result = await outcome(archive.subarray(0, cut), pieceBytes);
              if (cut < content) expect(result).toBe('archive_invalid');
              else if (result !== 'archive_invalid') expect(result).toEqual(whole);
            },
          ),
          { seed: 20_261_123, numRuns: 120 },
        );
        if (which < 2) expect(await outcome(archive.subarray(0, -1_024), 4_096)).toEqual(whole);
      }
    });

    it('never hangs, and never fails but as an archive', async () => {
      for (const archive of await archives()) {
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.tuple(fc.nat(archive.byteLength - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
            async (changes) => {
              const changed = Buffer.from(archive);
              for (const [at, value] of changes) changed[at] = value;
              await outcome(changed, 3_000);
            },
          ),
          { seed: 20_261_123, numRuns: 100 },
        );
      }
    });
  });

  describe('while it is being sent', () => {
    const hanging = (bytes: Uint8Array) => {
      const state = { isStopped: false };
      const archive: AsyncIterable<Uint8Array> = {
        [Symbol.asyncIterator]: () => {
          const pieces = inPieces(bytes, 10_000);
          return {
            next: async () => {
              const piece = await pieces.next();
              return piece.done === true ? new Promise<never>(() => {}) : piece;
            },
            return: async () => {
              state.isStopped = true;
              return { done: true, value: undefined };
            },
          };
        },
      };
      return { archive, state };
    };

    // The sender is told, but not waited for: a few turns later.
    const untilStopped = (state: { isStopped: boolean }) =>
      eventually(() => state.isStopped, { what: 'the sender is stopped' });

    it('is given up at once on an abort, with its reason', async () => {
      const tar = await tarOf(dockerSave([{ tags: [RELEASE], layerTars: [noise(3_000_000)] }]));
      for (const sent of [
        tar.subarray(0, 2_000_000),
        tar.subarray(0, 100),
        gzipSync(tar).subarray(0, 1_000_000),
        tar,
      ]) {
        const abort = new AbortController();
        const { archive, state } = hanging(sent);
        const reading = readArchive({ archive, depot, tag: RELEASE, signal: abort.signal });
        for (let turn = 0; turn < 50; turn += 1) await setImmediate();
        const reason = new Error('enough');
        abort.abort(reason);
        await expect(reading).rejects.toBe(reason);
        await untilStopped(state);
      }
      await expect(
        readArchive({ archive: inPieces(tar), depot, tag: RELEASE, signal: AbortSignal.abort('before') }),
      ).rejects.toBe('before');
    });

    it('is given up when it turns out wrong, though the sender keeps us waiting', async () => {
      const { archive, state } = hanging(
        (
          await tarOf([
            { name: '../x', bytes: 'x' },
            { name: 'y', bytes: noise(50_000) },
          ])
        ).subarray(0, 30_000),
      );
      await expectInvalid(readArchive({ archive, depot, tag: RELEASE, signal }), 'climbs out');
      await untilStopped(state);
    });

    it('breaks off with the sender', async () => {
      async function* broken() {
        yield (await tarOf(dockerSave([{ tags: [RELEASE], layerTars: [noise(30_000)] }]))).subarray(0, 20_000);
        throw Object.assign(new Error('aborted'), { code: 'ECONNRESET', syscall: 'read' });
      }
      await expectInvalid(
        readArchive({ archive: broken(), depot, tag: RELEASE, signal }),
        'broke off after 20000 bytes',
        'aborted',
      );
    });
  });
});
