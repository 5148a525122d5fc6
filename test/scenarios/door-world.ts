import { openTestRegistry, type TestRegistry } from '../support/registry.ts';
import { openTestService } from '../support/service.ts';
import type { ServiceApi } from '../support/service-api.ts';

/** What `relay` may ask for. */
const READER = { kind: 'basic', username: 'reader', password: 'open sesame' } as const;

/**
 * A service that distributes to `home` and `relay`. Where the relay asks who is there, the service cannot send clusters
 * to it for blobs.
 */
export async function openDoorWorld(more: Record<string, unknown> = {}, options: { relayAsks?: boolean } = {}) {
  const isAsked = options.relayAsks ?? false;
  const open = new AsyncDisposableStack();
  const home = open.use(await openTestRegistry());
  const relay = open.use(await openTestRegistry(isAsked ? { auth: READER } : {}));
  const entry = { credentials: { username: READER.username, password: 'env:READER' } };
  const service = open.use(
    await openTestService({
      registries: { aliyun: { url: home.url }, singapore: { url: relay.url, ...(isAsked ? { entry } : {}) } },
      env: { READER: READER.password },
      choose: 'singapore',
      more,
    }),
  );
  return {
    home,
    relay,
    service,
    api: service.api,
    url: service.api.url,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** How many blobs were sent to a registry. */
export const blobUploads = (registry: TestRegistry) => registry.count('PUT', /\/blobs\/uploads\//);

export const newestPush = async (api: ServiceApi) => {
  const { body } = await api.send('GET', '/v1/pushes?image=team/app');
  return (body as { items: { id: string }[] }).items[0];
};
