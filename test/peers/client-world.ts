import { openDoorWorld } from '../scenarios/door-world.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { TEST_TOKEN } from '../support/test-token.ts';

/** What clients log in with, as they write it: any user, and a token. */
export const CREDS = `ci:${TEST_TOKEN}`;

export type ClientWorld = Awaited<ReturnType<typeof openClientWorld>>;

/** A service that distributes to `home` and `relay`, and a folder for what its clients keep. */
export async function openClientWorld(name: string, options: Parameters<typeof openDoorWorld>[1] = {}) {
  const opened = new AsyncDisposableStack();
  const { path: folder } = opened.use(await openTempFolder(name));
  const { home, relay, service, api, url } = opened.use(await openDoorWorld({}, options));
  const address = new URL(url).host;
  const askTag = async (image: string, tag: string) =>
    await api.send('GET', `/v1/images/${encodeURIComponent(image)}/tags/${tag}`);
  return {
    home,
    relay,
    api,
    url,
    folder,
    /** How many requests were answered so. */
    answered: (status: number) =>
      service.logged.filter((line) => line.event === 'request' && line.status === status).length,
    /** As image references begin. */
    address,
    /** Where the cluster pulls that goes by the choice, which is `relay`. */
    cluster: `${address}/cluster.us-east-prod`,
    /** Is that tag one of the image's releases? */
    isReleased: async (image: string, tag: string) => (await askTag(image, tag)).status === 200,
    /** Waits until what a tag means is placed everywhere, and answers its digest. */
    async untilPlaced(image: string, tag: string): Promise<string> {
      const { body } = await askTag(image, tag);
      return (await api.untilFinal((body as { push: string }).push, 'placed', '60s')).digest ?? '';
    },
    /** The same for the newest push of an image, which what was hung on its releases has made. */
    async untilNewestPlaced(image: string): Promise<void> {
      const { body } = await api.send('GET', `/v1/pushes?image=${encodeURIComponent(image)}&limit=1`);
      await api.untilFinal((body as { items: { id: string }[] }).items[0]?.id ?? '', 'placed', '60s');
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
