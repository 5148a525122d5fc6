import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { openTestRegistry, type TestRegistry } from '../../support/registry.ts';
import { pushImage } from '../../support/seed-image.ts';
import { makeImage, type TestImage } from '../../support/test-image.ts';
import { ask, errorCode } from './client.ts';

let registry: TestRegistry;
let base: string;
beforeAll(async () => {
  registry = await openTestRegistry();
  base = `${registry.url}/v2/team/app`;
});
afterAll(() => registry.close());

const put = (reference: string, image: Pick<TestImage, 'bytes' | 'mediaType'>, repository = 'team/app') =>
  ask(`${registry.url}/v2/${repository}/manifests/${reference}`, 'PUT', {
    body: image.bytes,
    headers: { 'content-type': image.mediaType },
  });

describe.each([
  ['an OCI image', makeImage({ seed: 1, emptyLayer: true, foreignLayer: true })],
  ['a Docker image', makeImage({ seed: 2, dockerSchema2: true, foreignLayer: true })],
  [
    'an index of two platforms',
    makeImage({ seed: 3, platforms: ['linux/amd64', 'linux/arm64/v8'], attestations: true }),
  ],
  ['a nested index', makeImage({ seed: 4, platforms: ['linux/amd64'], nested: true })],
  ['a Docker manifest list', makeImage({ seed: 5, platforms: ['linux/amd64'], dockerSchema2: true })],
  ['an artifact', makeImage({ seed: 6, artifact: 'application/vnd.example.sbom' })],
  ['an image named by sha512', makeImage({ seed: 7, algorithm: 'sha512' })],
  ['an image without layers', makeImage({ seed: 8, layers: [] })],
])('%s', (_what, image) => {
  it('is given back byte for byte, by tag and by digest', async () => {
    await pushImage(registry.url, 'team/app', undefined, image);
    await put('kept', image);
    for (const reference of image.digest.startsWith('sha512') ? [image.digest] : ['kept', image.digest]) {
      const answer = await ask(`${base}/manifests/${reference}`, 'GET');
      expect(answer).toMatchObject({
        status: 200,
        headers: {
          'content-type': image.mediaType,
          'docker-content-digest': image.digest,
          'content-length': String(image.bytes.byteLength),
        },
      });
      expect(answer.body.equals(image.bytes)).toBe(true);
      expect(await ask(`${base}/manifests/${reference}`, 'HEAD')).toMatchObject({
        status: 200,
        headers: { 'docker-content-digest': image.digest },
      });
    }
  });
});

it('says where it is and what it is when it is taken', async () => {
  const image = makeImage({ seed: 'answer' });
  await pushImage(registry.url, 'team/app', undefined, image);
  expect(await put('1.2.3', image)).toMatchObject({
    status: 201,
    headers: { location: '/v2/team/app/manifests/1.2.3', 'docker-content-digest': image.digest },
  });
});

it('may bring tags along when it is put by digest', async () => {
  const image = makeImage({ seed: 'tags along' });
  await pushImage(registry.url, 'team/app', undefined, image);
  expect(await put(`${image.digest}?tag=one&tag=two`, image)).toMatchObject({
    status: 201,
    headers: { 'oci-tag': 'one, two' },
  });
  expect((await ask(`${base}/manifests/two`, 'HEAD')).headers['docker-content-digest']).toBe(image.digest);
  const tooMany = Array.from({ length: 60 }, (_, i) => `tag=t${i}`).join('&');
  expect((await put(`${image.digest}?${tooMany}`, image)).status).toBe(414);
});

describe('is refused', () => {
  const image = makeImage({ seed: 'refused', platforms: ['linux/amd64'] });
  const child = image.manifests[0] as TestImage['root'];
  const document = (members: object) => ({ mediaType: OCI_MANIFEST, bytes: Buffer.from(JSON.stringify(members)) });
  const blob = { mediaType: 'application/octet-stream', digest: digestOf(Buffer.from('x')), size: 1 };

  it.each([
    ['when a blob is missing', 'v1', child, 400, 'MANIFEST_BLOB_UNKNOWN'],
    ['when a child is missing', 'v1', image.root, 400, 'MANIFEST_BLOB_UNKNOWN'],
    ['when its digest is another', digestOf(Buffer.from('another')), child, 400, 'DIGEST_INVALID'],
    ['by a digest that is none', 'sha256:baddigeststring', child, 400, 'DIGEST_INVALID'],
    ['by a tag that is none', '-tag', child, 400, 'TAG_INVALID'],
    ['when it is not JSON', 'v1', { mediaType: OCI_MANIFEST, bytes: Buffer.from('not JSON') }, 400, 'MANIFEST_INVALID'],
    [
      'when it is an image and an index at once',
      'v1',
      document({ config: blob, layers: [], manifests: [] }),
      400,
      'MANIFEST_INVALID',
    ],
    [
      'when its type is unknown',
      'v1',
      { mediaType: 'text/plain', bytes: Buffer.from('{"mediaType":"text/plain"}') },
      400,
      'MANIFEST_INVALID',
    ],
    [
      'when it is over 4 MiB',
      'v1',
      { mediaType: OCI_MANIFEST, bytes: Buffer.alloc(4 * 1024 * 1024 + 1, 32) },
      413,
      'SIZE_INVALID',
    ],
  ])('%s', async (_what, reference, manifest, status, code) => {
    const answer = await put(reference, manifest, 'team/empty');
    expect([answer.status, errorCode(answer)]).toEqual([status, code]);
    expect((await ask(`${registry.url}/v2/team/empty/manifests/v1`, 'HEAD')).status).toBe(404);
  });

  it('over 4 MiB also when it does not say its length', async () => {
    const answer = await ask(`${base}/manifests/v1`, 'PUT', {
      body: Buffer.alloc(4 * 1024 * 1024 + 1, 32),
      chunked: true,
      headers: { 'content-type': OCI_MANIFEST },
    });
    expect(answer.status).toBe(413);
  });
});

it('of 4 MiB is taken', async () => {
  const config = makeImage({ seed: 'large' }).blobs[0];
  if (config === undefined) throw new Error('an image has blobs');
  await ask(`${base}/blobs/uploads/?digest=${config.digest}`, 'POST', { body: config.bytes });
  const members = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: config.mediaType, digest: config.digest, size: config.bytes.byteLength },
    layers: [],
  };
  const text = JSON.stringify(members);
  const bytes = Buffer.from(text + ' '.repeat(4 * 1024 * 1024 - text.length));
  expect((await put('large', { bytes, mediaType: OCI_MANIFEST })).status).toBe(201);
  expect((await ask(`${base}/manifests/large`, 'GET')).body.equals(bytes)).toBe(true);
});

it('a tag moves to what was put last', async () => {
  const [first, second] = [makeImage({ seed: 'moves 1' }), makeImage({ seed: 'moves 2' })];
  await pushImage(registry.url, 'team/app', 'moving', first);
  await pushImage(registry.url, 'team/app', 'moving', second);
  expect((await ask(`${base}/manifests/moving`, 'GET')).headers['docker-content-digest']).toBe(second.digest);
  expect((await ask(`${base}/manifests/${first.digest}`, 'HEAD')).status).toBe(200);
});

describe('tags', () => {
  const list = async (query: string) => {
    const answer = await ask(`${registry.url}/v2/team/tagged/tags/list${query}`, 'GET');
    return { tags: (JSON.parse(answer.body.toString()) as { tags: string[] }).tags, link: answer.headers.link };
  };
  beforeAll(async () => {
    for (const tag of ['b', 'a', 'D', '1.0', 'c']) await pushImage(registry.url, 'team/tagged', tag, makeImage());
  });

  it('are listed in order', async () => {
    expect(await list('')).toEqual({ tags: ['1.0', 'D', 'a', 'b', 'c'], link: undefined });
  });

  it('come in pages that lead to each other', async () => {
    expect(await list('?n=2')).toEqual({
      tags: ['1.0', 'D'],
      link: '</v2/team/tagged/tags/list?n=2&last=D>; rel="next"',
    });
    expect(await list('?n=2&last=D')).toMatchObject({ tags: ['a', 'b'] });
    expect(await list('?n=2&last=b')).toEqual({ tags: ['c'], link: undefined });
    expect(await list('?n=5')).toMatchObject({ link: undefined });
    expect(await list('?n=0')).toEqual({ tags: [], link: undefined });
    expect(await list('?last=a')).toEqual({ tags: ['b', 'c'], link: undefined });
  });

  it('of no repository, or a page of no size, are refused', async () => {
    const unknown = await ask(`${registry.url}/v2/team/unknown/tags/list`, 'GET');
    expect([unknown.status, errorCode(unknown)]).toEqual([404, 'NAME_UNKNOWN']);
    expect((await ask(`${registry.url}/v2/team/tagged/tags/list?n=-1`, 'GET')).status).toBe(400);
  });
});

describe('referrers', () => {
  const subject = makeImage({ seed: 'subject' });
  const sbom = makeImage({
    seed: 'sbom',
    artifact: 'application/vnd.example.sbom',
    subject: subject.descriptor,
    annotations: { made: 'by a test' },
  });
  const plain = makeImage({ seed: 'plain', subject: subject.descriptor });
  const index = makeImage({ seed: 'index', platforms: ['linux/amd64'], subject: subject.descriptor });
  const list = async (server: TestRegistry, query = '', repository = 'team/app') => {
    const answer = await ask(`${server.url}/v2/${repository}/referrers/${subject.digest}${query}`, 'GET');
    return {
      answer,
      manifests: (
        JSON.parse(answer.body.toString()) as { manifests: { digest: string; artifactType?: string; size: number }[] }
      ).manifests,
    };
  };

  it('may come before their subject, and say that they were understood', async () => {
    await pushImage(registry.url, 'team/app', undefined, sbom);
    expect(await put(sbom.digest, sbom)).toMatchObject({ status: 201, headers: { 'oci-subject': subject.digest } });
    await pushImage(registry.url, 'team/app', undefined, plain);
    await pushImage(registry.url, 'team/app', undefined, index);
    const { answer, manifests } = await list(registry);
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': OCI_INDEX } });
    expect(manifests.map(({ digest }) => digest)).toEqual([sbom.digest, plain.digest, index.digest].sort());
    expect(manifests.find(({ digest }) => digest === sbom.digest)).toEqual({
      mediaType: OCI_MANIFEST,
      digest: sbom.digest,
      size: sbom.bytes.byteLength,
      artifactType: 'application/vnd.example.sbom',
      annotations: { made: 'by a test' },
    });
    expect(manifests.find(({ digest }) => digest === plain.digest)?.artifactType).toBe(
      'application/vnd.oci.image.config.v1+json',
    );
  });

  it('are filtered by their type', async () => {
    const { answer, manifests } = await list(registry, '?artifactType=application%2Fvnd.example.sbom');
    expect(answer.headers['oci-filters-applied']).toBe('artifactType');
    expect(manifests.map(({ digest }) => digest)).toEqual([sbom.digest]);
  });

  it('are none for what nothing refers to, and gone when deleted', async () => {
    expect(await list(registry, '', 'never/pushed')).toMatchObject({ answer: { status: 200 }, manifests: [] });
    expect((await ask(`${base}/referrers/sha256:bad`, 'GET')).status).toBe(400);
    expect((await ask(`${base}/manifests/${plain.digest}`, 'DELETE')).status).toBe(202);
    expect((await list(registry)).manifests).toHaveLength(2);
  });

  it('come in pages', async () => {
    await using small = await openTestRegistry({ referrersPageBytes: 1 });
    for (const image of [sbom, plain, index]) await pushImage(small.url, 'team/app', undefined, image);
    const seen: string[] = [];
    let next: string | undefined = '';
    while (next !== undefined) {
      const { answer, manifests } = await list(small, next);
      seen.push(...manifests.map(({ digest }) => digest));
      next = /\?[^>]*/.exec(answer.headers.link?.toString() ?? '')?.[0];
    }
    expect(seen).toEqual([sbom.digest, plain.digest, index.digest].sort());
  });

  it('are not there where there is no referrers API', async () => {
    await using old = await openTestRegistry({ referrers: false });
    await pushImage(old.url, 'team/app', undefined, sbom);
    const answer = await ask(`${old.url}/v2/team/app/manifests/${sbom.digest}`, 'PUT', {
      body: sbom.bytes,
      headers: { 'content-type': sbom.mediaType },
    });
    expect([answer.status, answer.headers['oci-subject']]).toEqual([201, undefined]);
    expect((await ask(`${old.url}/v2/team/app/referrers/${subject.digest}`, 'GET')).status).toBe(404);
  });
});

describe('deleting', () => {
  it('a tag leaves the manifest, a digest takes its tags along', async () => {
    const image = makeImage({ seed: 'deleted' });
    for (const tag of ['x', 'y']) await pushImage(registry.url, 'team/deleted', tag, image);
    const at = (reference: string) => `${registry.url}/v2/team/deleted/manifests/${reference}`;
    expect((await ask(at('x'), 'DELETE')).status).toBe(202);
    expect((await ask(at('x'), 'GET')).status).toBe(404);
    expect((await ask(at('y'), 'GET')).status).toBe(200);
    expect((await ask(at(image.digest), 'DELETE')).status).toBe(202);
    for (const reference of ['y', image.digest]) expect((await ask(at(reference), 'GET')).status).toBe(404);
    for (const reference of ['y', image.digest]) expect((await ask(at(reference), 'DELETE')).status).toBe(404);
  });
});
