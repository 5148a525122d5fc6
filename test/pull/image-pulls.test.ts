import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { Failure } from '../../src/kernel/failure.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { InlineHash } from '../../src/oci/stream-hash.ts';
import { ImagePulls } from '../../src/pull/image-pulls.ts';
import { KnownCodes } from '../../src/pull/known-codes.ts';
import type { PullHolder } from '../../src/pull/pull-holder.ts';

const image = parseRepositoryName('team/app');
const bytes = Buffer.from('what a layer holds');
const digest = digestOf(bytes);

/** Who has the blob, or lacks it, and notes what it is asked. */
function openHolder(registry: string, has: boolean, asked: string[], isNear?: true): PullHolder {
  const lacks = () => Promise.reject(new Error('nothing is asked for but blobs'));
  return {
    registry,
    repository: image,
    ...(isNear === undefined ? {} : { isNear }),
    client: {
      headBlob: async () => {
        asked.push(`${registry} head`);
        return has ? { sizeBytes: bytes.byteLength } : undefined;
      },
      openBlob: async () => {
        asked.push(`${registry} open`);
        return has
          ? {
              body: Readable.from([bytes]),
              startsAt: 0,
              endsAt: undefined,
              sizeBytes: bytes.byteLength,
              isLongPath: false,
            }
          : undefined;
      },
      getManifest: lacks,
      findBlobOffer: lacks,
      listReferrers: lacks,
    } as PullHolder['client'],
  };
}

async function pull(nearHas: boolean): Promise<string[]> {
  const asked: string[] = [];
  const holders = [openHolder('far', true, asked), openHolder('depot', nearHas, asked, true)];
  const pulls = new ImagePulls({
    view: { findTag: () => undefined, listTags: () => undefined, holders: () => holders },
    shelf: { find: () => undefined, keep: () => {} },
    onHolderFailed: (_, error) => {
      throw error;
    },
    openHash: (algorithm) => new InlineHash(algorithm),
    knownCodes: new KnownCodes(),
  });
  const body = await pulls.openBlob(image, digest, { offset: 0, end: bytes.byteLength });
  expect(body === undefined ? undefined : await buffer(body)).toEqual(bytes);
  return asked;
}

it('who is near is asked once whether it has a blob, and then read', async () =>
  expect(await pull(true)).toEqual(['depot head', 'depot open']));

it('where nobody near has it the registries say how large it is, and it is read there', async () =>
  expect(await pull(false)).toEqual(['depot head', 'far head', 'far open']));

it('a registry that offers nobody a blob is not asked about others that are no larger', async () => {
  const layer = (size: number) => ({
    ...{ size, mediaType: 'application/vnd.oci.image.layer.v1.tar' },
    digest: digestOf(Buffer.alloc(size)),
  });
  const [config, small, large] = [layer(1), layer(2), layer(3)];
  const manifest = parseManifest(
    Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [small, large] })),
    OCI_MANIFEST,
  );
  const asked: Digest[] = [];
  const client = {
    getManifest: async () => manifest,
    findBlobOffer: async (_: unknown, which: Digest) => {
      asked.push(which);
      return { url: which === large.digest ? 'http://storage.example/large' : null };
    },
  } as unknown as PullHolder['client'];
  const pulls = new ImagePulls({
    view: {
      findTag: () => undefined,
      listTags: () => undefined,
      holders: () => [{ registry: 'far', repository: image, client }],
    },
    shelf: { find: () => undefined, keep: () => {} },
    onHolderFailed: () => {},
    openHash: (algorithm) => new InlineHash(algorithm),
    knownCodes: new KnownCodes(),
  });
  await pulls.findManifest(image, manifest.digest);
  for (const { digest: which } of [small, config, small]) expect(await pulls.findOffer(image, which)).toBeUndefined();
  expect(await pulls.findOffer(image, large.digest)).toBe('http://storage.example/large');
  expect(asked).toEqual([small.digest, large.digest]);
});

/** Registries that were asked, each time that a manifest was; the first one fails. */
function openTroubled(holders: readonly string[], near?: string) {
  const asked: string[] = [];
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }));
  const manifest = parseManifest(index, OCI_INDEX);
  const clientOf = (registry: string) => ({
    getManifest: async () => {
      asked.push(registry);
      if (registry === 'hangs') throw new Failure('timed_out', 'no answer');
      return manifest;
    },
  });
  const pulls = new ImagePulls({
    view: {
      findTag: () => undefined,
      listTags: () => undefined,
      holders: () =>
        holders.map((registry) => ({
          ...{ registry, repository: image, client: clientOf(registry) as unknown as PullHolder['client'] },
          ...(registry === near ? { isNear: true } : {}),
        })),
    },
    shelf: { find: () => undefined, keep: () => {} },
    onHolderFailed: () => {},
    openHash: (algorithm) => new InlineHash(algorithm),
    knownCodes: new KnownCodes(),
  });
  return { asked, find: () => pulls.findManifest(image, manifest.digest) };
}

it('a registry that failed a moment ago is not waited for again', async () => {
  const { asked, find } = openTroubled(['hangs', 'hk']);
  for (let time = 0; time < 3; time += 1) expect(await find()).toBeDefined();
  expect(asked).toEqual(['hangs', 'hk', 'hk', 'hk']);
});

it('a manifest that is known by its digest is asked of who is near first', async () => {
  const { asked, find } = openTroubled(['hangs', 'depot'], 'depot');
  expect(await find()).toBeDefined();
  expect(asked).toEqual(['depot']);
});
