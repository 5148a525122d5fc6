import { describe, expect, it } from 'vitest';
import { digestOf, parseDigest } from '../../src/oci/digest.ts';
import { MAX_MANIFEST_BYTES } from '../../src/oci/manifest.ts';
import { OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { failureOf } from '../net/failure-of.ts';
import { openScriptedServer, type ScriptedServer } from '../net/scripted-server.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { makeImage } from '../support/test-image.ts';
import { APP, openTestClient, TAG } from './test-client.ts';

const IMAGE = makeImage({ platforms: ['linux/amd64', 'linux/arm64'] });
const SIMPLE = makeImage();
const OTHER_DIGEST = digestOf(Buffer.from('else'));

function serve(body: Uint8Array | string, headers: Record<string, string>, status = 200): Promise<ScriptedServer> {
  return openScriptedServer((request, response) => {
    request.resume();
    response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body);
  });
}

describe('getManifest', () => {
  it.each(['sha256', 'sha512'] as const)(
    'gives the bytes as they are, by tag and by digest (%s)',
    async (algorithm) => {
      const image = makeImage({ algorithm });
      await using registry = await openTestRegistry();
      await seedImage(registry, APP, TAG, image);
      await using client = openTestClient(registry.url);
      for (const reference of [TAG, image.digest]) {
        const manifest = await client.getManifest(APP, reference);
        expect(manifest).toMatchObject({ digest: image.digest, mediaType: image.mediaType, kind: 'image' });
        expect(Buffer.from(manifest?.bytes ?? [])).toEqual(Buffer.from(image.bytes));
      }
      expect(registry.requests[0]?.headers.accept).toBe(
        'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json',
      );
    },
  );

  it('is undefined for what is not there', async () => {
    await using registry = await openTestRegistry();
    await using client = openTestClient(registry.url);
    expect(await client.getManifest(APP, TAG)).toBeUndefined();
    expect(await client.headManifest(APP, IMAGE.digest)).toBeUndefined();
  });

  it('refuses other bytes than the digest names, and than the registry says by tag', async () => {
    await using registry = await openTestRegistry();
    await seedImage(registry, APP, TAG, SIMPLE);
    await using client = openTestClient(registry.url);
    for (const reference of [SIMPLE.digest, TAG]) {
      registry.failNext('GET', { corrupt: 50 });
      expect(await failureOf(client.getManifest(APP, reference))).toMatchObject({ code: 'digest_mismatch' });
    }
  });

  it('takes a tag whose digest the registry does not tell', async () => {
    await using server = await serve(SIMPLE.bytes, { 'content-type': `${OCI_MANIFEST}; charset=utf-8` });
    await using client = openTestClient(server.url);
    expect((await client.getManifest(APP, TAG))?.digest).toBe(SIMPLE.digest);
  });

  it('reads 4 MiB and not a byte more', async () => {
    const padded = (size: number) => {
      const text = Buffer.from(SIMPLE.bytes).toString().trimEnd();
      return Buffer.from(text.padEnd(size, ' '));
    };
    await using fits = await serve(padded(MAX_MANIFEST_BYTES), { 'content-type': OCI_MANIFEST });
    await using tooLarge = await serve(padded(MAX_MANIFEST_BYTES + 1), { 'content-type': OCI_MANIFEST });
    await using client = openTestClient(fits.url);
    await using other = openTestClient(tooLarge.url);
    expect((await client.getManifest(APP, TAG))?.bytes.byteLength).toBe(MAX_MANIFEST_BYTES);
    expect(await failureOf(other.getManifest(APP, TAG))).toMatchObject({ code: 'manifest_too_large' });
  });

  it.each([
    ['<!doctype html><p>log in', { 'content-type': 'text/html' }, 'remote_unexpected'],
    ['<html>', {}, 'remote_unexpected'],
    ['{"half":', { 'content-type': OCI_MANIFEST }, 'manifest_invalid'],
    ['', { 'content-type': OCI_MANIFEST }, 'manifest_invalid'],
  ])('calls %j %j %s', async (body, headers, code) => {
    await using server = await serve(body, headers);
    await using client = openTestClient(server.url);
    expect(await failureOf(client.getManifest(APP, TAG))).toMatchObject({ code });
  });
});

describe('headManifest', () => {
  it('tells digest, type and size with one request', async () => {
    await using registry = await openTestRegistry();
    await seedImage(registry, APP, TAG, IMAGE);
    await using client = openTestClient(registry.url);
    expect(await client.headManifest(APP, TAG)).toEqual({
      digest: IMAGE.digest,
      mediaType: IMAGE.mediaType,
      sizeBytes: IMAGE.bytes.byteLength,
    });
    expect(registry.requests.map((request) => request.method)).toEqual(['HEAD']);
  });

  it.each([
    ['without Docker-Content-Digest', 200, { 'content-type': OCI_MANIFEST }],
    ['without a type', 200, { 'docker-content-digest': SIMPLE.digest }],
    ['as an unknown method', 405, {}],
  ])('asks with GET when HEAD is answered %s', async (_name, status, headers) => {
    await using server = await openScriptedServer((request, response) => {
      if (request.method === 'HEAD') response.writeHead(status, headers).end();
      else response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(SIMPLE.bytes);
    });
    await using client = openTestClient(server.url);
    expect(await client.headManifest(APP, TAG)).toEqual({
      digest: SIMPLE.digest,
      mediaType: OCI_MANIFEST,
      sizeBytes: SIMPLE.bytes.byteLength,
    });
  });

  it('refuses another digest than was asked for', async () => {
    await using server = await serve('', {
      'content-type': OCI_MANIFEST,
      'content-length': '5',
      'docker-content-digest': OTHER_DIGEST,
    });
    await using client = openTestClient(server.url);
    expect(await failureOf(client.headManifest(APP, SIMPLE.digest))).toMatchObject({ code: 'digest_mismatch' });
  });

  it.each([
    [403, 'remote_denied'],
    [503, 'remote_unavailable'],
  ])('answered %i is %s, without asking again', async (status, code) => {
    let requests = 0;
    await using server = await openScriptedServer((_request, response) => {
      requests += 1;
      response.writeHead(status).end();
    });
    await using client = openTestClient(server.url);
    expect(await failureOf(client.headManifest(APP, TAG))).toMatchObject({ code });
    expect(requests).toBe(1);
  });
});

describe('putManifest', () => {
  it('puts the bytes as they are, children by digest', async () => {
    await using registry = await openTestRegistry();
    await seedImage(registry, APP, undefined, { ...IMAGE, manifests: [] });
    await using client = openTestClient(registry.url);
    for (const manifest of IMAGE.manifests) {
      const reference = manifest.digest === IMAGE.digest ? TAG : manifest.digest;
      expect(await client.putManifest(APP, reference, manifest)).toEqual({ subjectAccepted: false });
    }
    expect(Buffer.from((await client.getManifest(APP, TAG))?.bytes ?? [])).toEqual(Buffer.from(IMAGE.bytes));
    expect(registry.requests.find((request) => request.method === 'PUT')?.headers['content-type']).toBe(OCI_MANIFEST);
  });

  it.each([true, false])('says whether the registry keeps referrers itself: %s', async (referrers) => {
    const signature = makeImage({ artifact: 'application/x.signature', subject: SIMPLE.descriptor });
    await using registry = await openTestRegistry({ referrers });
    await seedImage(registry, APP, TAG, SIMPLE);
    await seedImage(registry, APP, undefined, { ...signature, manifests: [] });
    await using client = openTestClient(registry.url);
    expect(await client.putManifest(APP, signature.digest, signature.root)).toEqual({ subjectAccepted: referrers });
  });

  it('says that a blob is missing', async () => {
    await using registry = await openTestRegistry();
    await using client = openTestClient(registry.url);
    expect(await failureOf(client.putManifest(APP, TAG, SIMPLE.root))).toMatchObject({ code: 'remote_blob_unknown' });
  });

  it('says that a tag may not move, and never so of a digest', async () => {
    await using registry = await openTestRegistry({ immutableTags: true });
    await seedImage(registry, APP, TAG, SIMPLE);
    const next = makeImage({ seed: 'next' });
    await seedImage(registry, APP, undefined, { ...next, manifests: [] });
    await using client = openTestClient(registry.url);
    expect(await failureOf(client.putManifest(APP, TAG, next.root))).toMatchObject({ code: 'tag_immutable' });
    registry.failNext('PUT', { status: 400, body: '{"errors":[{"code":"TAG_INVALID","message":"immutable"}]}' });
    expect(await failureOf(client.putManifest(APP, next.digest, next.root))).toMatchObject({ code: 'remote_refused' });
  });

  it.each([
    [404, { code: 'NAME_UNKNOWN' }, 'remote_repository_unknown'],
    [404, { code: 'BLOB_UNKNOWN' }, 'remote_blob_unknown'],
    [400, { code: 'MANIFEST_INVALID' }, 'remote_refused'],
    [412, { code: 'PRECONDITION', message: 'tag is configured as immutable' }, 'tag_immutable'],
    [403, { code: 'DENIED', message: 'unknown manifest class' }, 'attestations_refused'],
    [502, { code: 'BLOB_UNKNOWN' }, 'remote_unavailable'],
  ])('%i %j is %s', async (status, error, code) => {
    await using server = await serve(JSON.stringify({ errors: [error] }), {}, status);
    await using client = openTestClient(server.url);
    expect(await failureOf(client.putManifest(APP, TAG, SIMPLE.root))).toMatchObject({ code });
  });

  it.each([
    [{ 'docker-content-digest': OTHER_DIGEST }, 'digest_mismatch'],
    [{ 'content-type': 'text/html' }, 'remote_unexpected'],
    [{ 'docker-content-digest': parseDigest(`sha512:${'0'.repeat(128)}`) }, undefined],
    [{}, undefined],
  ])('answered with %j is %s', async (headers, code) => {
    await using server = await serve('', headers, 200);
    await using client = openTestClient(server.url);
    const put = client.putManifest(APP, TAG, SIMPLE.root);
    if (code === undefined) await put;
    else expect(await failureOf(put)).toMatchObject({ code });
  });
});

describe('deleteManifest', () => {
  it('says whether there was one', async () => {
    await using registry = await openTestRegistry();
    await seedImage(registry, APP, TAG, SIMPLE);
    await using client = openTestClient(registry.url);
    expect([await client.deleteManifest(APP, SIMPLE.digest), await client.deleteManifest(APP, SIMPLE.digest)]).toEqual([
      true,
      false,
    ]);
    registry.failNext('DELETE', { status: 405 });
    expect(await failureOf(client.deleteManifest(APP, SIMPLE.digest))).toMatchObject({ code: 'remote_refused' });
  });
});
