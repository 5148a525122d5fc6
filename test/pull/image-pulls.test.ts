import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
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
