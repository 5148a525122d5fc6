import { expect, it } from 'vitest';
import { openHttpClient } from '../../src/net/open-http-client.ts';
import { anonymousCredentials } from '../../src/registry/credentials.ts';
import { openRegistryClient } from '../../src/registry/open-registry-client.ts';
import { failureOf } from '../net/failure-of.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { makeImage } from '../support/test-image.ts';
import { APP } from './test-client.ts';

/** So much faster than life does the client of this test lose its patience. */
const HASTE = 100;

it('a registry that hangs is not waited for long when it is asked where anybody may fetch a blob', async () => {
  await using registry = await openTestRegistry();
  const image = makeImage();
  await seedImage(registry, APP, '1', image);
  const digest = image.blobs[0]?.digest ?? image.digest;
  const http = openHttpClient({ headersTimeoutMs: 60_000 / HASTE });
  await using opened = new AsyncDisposableStack();
  opened.defer(() => http.close());
  const client = openRegistryClient({
    endpoint: { url: registry.url, internal: false },
    credentials: anonymousCredentials,
    http: {
      ...http,
      request: ({ headersTimeoutMs, ...asked }) =>
        http.request({
          ...asked,
          ...(headersTimeoutMs === undefined ? {} : { headersTimeoutMs: headersTimeoutMs / HASTE }),
        }),
    },
  });
  expect(await client.findBlobOffer(APP, digest)).toMatchObject({ url: `${registry.url}/v2/${APP}/blobs/${digest}` });
  registry.failNext('GET', { path: /blobs/, stall: true });
  const failure = await failureOf(client.findBlobOffer(APP, digest));
  expect(failure).toMatchObject({ code: 'timed_out' });
  expect(failure.message).toContain(`no answer within ${5_000 / HASTE} ms`);
});
