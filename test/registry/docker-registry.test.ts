import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { failureOf } from '../net/failure-of.ts';
import { hasDockerRegistry, openDockerRegistry } from '../support/docker-registry.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeBytes, makeImage } from '../support/test-image.ts';
import { APP, OTHER, openTestClient, readAll, streamOf, TAG } from './test-client.ts';

describe.skipIf(!hasDockerRegistry())('against docker-registry', () => {
  it('pushes in chunks, as a stream and whole, mounts, pulls back, lists and deletes', async () => {
    await using folder = await openTempFolder('docker-registry');
    await using registry = await openDockerRegistry({ folder: folder.path });
    await using client = openTestClient(registry.url);
    await client.ping();
    const image = makeImage({ layers: [{ size: 3_000_000 }, { size: 500_000 }], dockerSchema2: true });
    for (const [place, { digest, bytes }] of image.blobs.entries()) {
      expect(await client.headBlob(APP, digest)).toBeUndefined();
      const started = await client.startUpload(APP);
      if (started.kind !== 'session') throw new Error('no session');
      let { session } = started;
      if (place === 0) {
        await client.finishUpload(session, digest, { offset: 0, sizeBytes: bytes.byteLength, body: bytes });
      } else if (place === 1) {
        ({ session } = await client.sendChunk(session, { body: streamOf(bytes) }));
        await client.finishUpload(session, digest);
      } else {
        const half = Math.floor(bytes.byteLength / 2);
        const progress = await client.sendChunk(session, {
          offset: 0,
          sizeBytes: half,
          body: streamOf(bytes.subarray(0, half)),
        });
        expect(progress.offset).toBe(half);
        expect((await client.getUpload(progress.session))?.offset).toBe(half);
        await client.finishUpload(progress.session, digest, {
          offset: half,
          sizeBytes: bytes.byteLength - half,
          body: streamOf(bytes.subarray(half)),
        });
      }
      expect(await client.headBlob(APP, digest)).toEqual({ sizeBytes: bytes.byteLength });
      expect(await client.startUpload(OTHER, { mount: { digest, from: APP } })).toEqual({ kind: 'mounted' });
    }
    await client.putManifest(APP, TAG, image.root);
    expect(await client.headManifest(APP, TAG)).toEqual({
      digest: image.digest,
      mediaType: image.mediaType,
      sizeBytes: image.bytes.byteLength,
    });
    expect(Buffer.from((await client.getManifest(APP, image.digest))?.bytes ?? [])).toEqual(Buffer.from(image.bytes));
    const [, layer = image.blobs[0]] = image.blobs;
    if (layer === undefined) throw new Error('the image has no layers');
    expect(await readAll((await client.openBlob(APP, layer.digest, { offset: 100 }))?.body ?? [])).toEqual(
      Buffer.from(layer.bytes.subarray(100)),
    );
    expect(await Array.fromAsync(client.listTags(APP))).toEqual([TAG]);
    expect(await client.listReferrers(APP, image.digest)).toEqual({ referrers: [], by: 'tag' });
    expect(await client.deleteManifest(APP, image.digest)).toBe(true);
    expect(await client.getManifest(APP, TAG)).toBeUndefined();
  });

  it('names what is wrong', async () => {
    await using folder = await openTempFolder('docker-registry');
    await using registry = await openDockerRegistry({ folder: folder.path });
    await using client = openTestClient(registry.url);
    const image = makeImage();
    expect(await failureOf(client.putManifest(APP, TAG, image.root))).toMatchObject({ code: 'remote_blob_unknown' });
    const started = await client.startUpload(APP, { mount: { digest: digestOf(Buffer.from('nowhere')), from: OTHER } });
    if (started.kind !== 'session') throw new Error('mounted what is not there');
    const bytes = makeBytes(1_000, 'x');
    const refused = client.finishUpload(started.session, digestOf(Buffer.from('else')), {
      offset: 0,
      sizeBytes: 1_000,
      body: bytes,
    });
    expect(await failureOf(refused)).toMatchObject({ code: 'digest_mismatch' });
    const gone = {
      location: `${registry.url}/v2/${APP}/blobs/uploads/c0ffee00-0000-4000-8000-000000000000?_state=stale`,
      minChunkBytes: 0,
    };
    expect(await client.getUpload(gone)).toBeUndefined();
    expect(await failureOf(client.sendChunk(gone, { offset: 0, sizeBytes: 1, body: Buffer.from('x') }))).toMatchObject({
      code: 'upload_session_lost',
    });
    await client.cancelUpload(gone);
  });
});
