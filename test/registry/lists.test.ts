import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { OCI_INDEX } from '../../src/oci/media-types.ts';
import { referrersTag } from '../../src/oci/referrers-tag.ts';
import { failureOf } from '../net/failure-of.ts';
import { openScriptedServer } from '../net/scripted-server.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { makeImage } from '../support/test-image.ts';
import { APP, openTestClient, type TestClient } from './test-client.ts';

const IMAGE = makeImage();
const SIGNATURE = makeImage({ artifact: 'application/x.signature', subject: IMAGE.descriptor, seed: 's' });
const SBOM = makeImage({
  artifact: 'application/x.sbom',
  subject: IMAGE.descriptor,
  seed: 'b',
  annotations: { about: 'sbom' },
});

function listAll(client: TestClient): Promise<string[]> {
  return Array.fromAsync(client.listTags(APP));
}

describe('listTags', () => {
  it('goes over all pages, relative and absolute', async () => {
    const asked: string[] = [];
    await using server = await openScriptedServer((request, response) => {
      asked.push(request.url ?? '');
      const page = asked.length;
      const links = [
        '</v2/team/app/tags/list?n=1000&last=b>; rel="next"',
        `<${server.url}/v2/team/app/tags/list?last=c>; rel=next`,
      ];
      const link = links[page - 1];
      response.writeHead(200, link === undefined ? {} : { link });
      response.end(JSON.stringify({ name: 'team/app', tags: [['a', 'b'], ['c', 'not a tag!', 5], null][page - 1] }));
    });
    await using client = openTestClient(server.url);
    expect(await listAll(client)).toEqual(['a', 'b', 'c']);
    expect(asked).toEqual([
      '/v2/team/app/tags/list?n=1000',
      '/v2/team/app/tags/list?n=1000&last=b',
      '/v2/team/app/tags/list?last=c',
    ]);
  });

  it('is empty for a repository that does not exist', async () => {
    await using registry = await openTestRegistry();
    await using client = openTestClient(registry.url);
    expect(await listAll(client)).toEqual([]);
  });

  it('works against a real server, page by page', async () => {
    await using registry = await openTestRegistry();
    for (const tag of ['1', '2', 'latest']) await seedImage(registry, APP, tag, IMAGE);
    await using client = openTestClient(registry.url);
    expect(await listAll(client)).toEqual(['1', '2', 'latest']);
  });

  it.each([
    ['goes round in a circle', (n: number) => `</v2/team/app/tags/list?page=${n % 3}>; rel="next"`],
    ['has no end', (n: number) => `</v2/team/app/tags/list?page=${n}>; rel="next"`],
    ['leads elsewhere', () => '<http://127.0.0.2:1/v2/team/app/tags/list>; rel="next"'],
  ])('refuses a list that %s', async (_name, link) => {
    let requests = 0;
    await using server = await openScriptedServer((_request, response) => {
      requests += 1;
      response.writeHead(200, { link: link(requests) }).end('{"tags":["a"]}');
    });
    await using client = openTestClient(server.url);
    expect(await failureOf(listAll(client))).toMatchObject({ code: 'remote_unexpected' });
    expect(requests).toBeLessThanOrEqual(1_001);
  });

  it.each(['<html>', '{"tags":"a"}', '[]'])('refuses %s', async (body) => {
    await using server = await openScriptedServer((_request, response) => response.end(body));
    await using client = openTestClient(server.url);
    expect(await failureOf(listAll(client))).toMatchObject({ code: 'remote_unexpected' });
  });
});

describe('listReferrers', () => {
  it.each([true, false])('by the API where there is one (%s), else by the tag', async (referrers) => {
    await using registry = await openTestRegistry({ referrers });
    await seedImage(registry, APP, '1', IMAGE);
    await using client = openTestClient(registry.url);
    for (const artifact of [SIGNATURE, SBOM]) {
      await seedImage(registry, APP, undefined, { ...artifact, manifests: [] });
      const { subjectAccepted } = await client.putManifest(APP, artifact.digest, artifact.root);
      const descriptor = { ...artifact.descriptor, artifactType: artifact.root.artifactType ?? '' };
      if (!subjectAccepted) await client.addFallbackReferrer(APP, IMAGE.digest, descriptor);
    }
    const all = await client.listReferrers(APP, IMAGE.digest);
    expect(all.by).toBe(referrers ? 'api' : 'tag');
    expect(all.referrers.map((descriptor) => descriptor.digest).sort()).toEqual([SIGNATURE.digest, SBOM.digest].sort());
    const some = await client.listReferrers(APP, IMAGE.digest, { artifactType: 'application/x.sbom' });
    expect(some.referrers.map((descriptor) => descriptor.digest)).toEqual([SBOM.digest]);
    expect((await client.listReferrers(APP, SBOM.digest)).referrers).toEqual([]);
  });

  it.each([
    [404, '404 page not found'],
    [405, '{"errors":[{"code":"UNSUPPORTED"}]}'],
    [400, '{"errors":[{"code":"UNSUPPORTED"}]}'],
  ])('asks for the tag when the API answers %i %s', async (status, body) => {
    const tag = referrersTag(IMAGE.digest);
    await using server = await openScriptedServer((request, response) => {
      if (request.url?.includes('/referrers/') === true) response.writeHead(status).end(body);
      else response.writeHead(request.url?.endsWith(tag) === true ? 404 : 500).end();
    });
    await using client = openTestClient(server.url);
    expect(await client.listReferrers(APP, IMAGE.digest)).toEqual({ referrers: [], by: 'tag' });
  });

  it.each([
    [400, '{"errors":[{"code":"DIGEST_INVALID"}]}', 'remote_refused'],
    [503, '', 'remote_unavailable'],
  ])('but fails when it answers %i %s', async (status, body, code) => {
    await using server = await openScriptedServer((_request, response) => response.writeHead(status).end(body));
    await using client = openTestClient(server.url);
    expect(await failureOf(client.listReferrers(APP, IMAGE.digest))).toMatchObject({ code });
  });

  it('joins pages, and filters only what the registry has not filtered', async () => {
    const entry = (digest: string, artifactType?: string) => ({
      mediaType: 'm',
      size: 1,
      digest,
      ...(artifactType === undefined ? {} : { artifactType }),
    });
    await using server = await openScriptedServer((request, response) => {
      const second = request.url?.includes('page=2') === true;
      response.writeHead(200, {
        'content-type': OCI_INDEX,
        ...(second ? { 'oci-filters-applied': 'artifactType' } : { link: '<?page=2>; rel="next"' }),
      });
      // A registry that filtered may leave the type out of its descriptors.
      const manifests = second ? [entry(SIGNATURE.digest)] : [entry(SBOM.digest, 'x/y'), entry(IMAGE.digest, 'z')];
      response.end(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }));
    });
    await using client = openTestClient(server.url);
    const { referrers, by } = await client.listReferrers(APP, IMAGE.digest, { artifactType: 'x/y' });
    expect([by, referrers.map((descriptor) => descriptor.digest)]).toEqual(['api', [SBOM.digest, SIGNATURE.digest]]);
  });
});

describe('addFallbackReferrer', () => {
  it('adds each referrer once, keeps what it does not know, and loses nothing when several add at once', async () => {
    await using registry = await openTestRegistry({ referrers: false });
    const tag = referrersTag(IMAGE.digest);
    await using client = openTestClient(registry.url);
    for (const artifact of [SIGNATURE, SBOM]) await seedImage(registry, APP, undefined, artifact);
    const before = { ...SBOM.descriptor, data: 'e30=', 'x-unknown': true };
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [before] }));
    await client.putManifest(APP, tag, {
      bytes,
      mediaType: OCI_INDEX,
      digest: digestOf(bytes),
    });
    registry.forgetRequests();
    await Promise.all(
      [SIGNATURE, SBOM, SIGNATURE].map((artifact) =>
        client.addFallbackReferrer(APP, IMAGE.digest, artifact.descriptor),
      ),
    );
    const index = await client.getManifest(APP, tag);
    const { manifests } = JSON.parse(Buffer.from(index?.bytes ?? []).toString());
    expect(manifests).toEqual([before, SIGNATURE.descriptor]);
    expect(registry.count('PUT')).toBe(1);
  });
});
