import { once } from 'node:events';
import { request } from 'node:http';
import { eventually } from '../support/eventually.ts';
import { askRegistry } from '../support/registry-place.ts';
import type { ServiceApi } from '../support/service-api.ts';

export type SlowUpload = {
  readonly path: string;
  /** Sends more of the body, and waits until the door holds it. */
  send(bytes: Uint8Array): Promise<void>;
  /** Breaks the connection off; the next `send` goes on over another. */
  hangUp(): Promise<void>;
  /** Ends the body and says what all of it was; answers the status. */
  close(digest: string): Promise<number>;
  cancel(): Promise<number>;
};

/** A client that streams a blob into the door in one PATCH, as docker does, at the test's pace. */
export async function openSlowUpload(api: ServiceApi, repository: string): Promise<SlowUpload> {
  const opened = await askRegistry(api, `/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const path = opened.headers.get('location') ?? '';
  let held = 0;
  const stream = () => {
    const sent = request(`${api.url}${path}`, {
      method: 'PATCH',
      headers: { authorization: api.authorization, 'content-type': 'application/octet-stream' },
    });
    sent.on('error', () => {});
    return sent;
  };
  let patch: ReturnType<typeof stream> | undefined;
  return {
    path,
    async send(bytes) {
      patch ??= stream();
      held += bytes.byteLength;
      patch.write(bytes);
      await eventually(
        async () => (await askRegistry(api, path)).headers.get('range') === `0-${held - 1}` || undefined,
        { what: `${held} bytes being held` },
      );
    },
    async hangUp() {
      patch?.destroy();
      patch = undefined;
    },
    async close(digest) {
      if (patch !== undefined) {
        const answered = once(patch, 'response');
        patch.end();
        const [answer] = await answered;
        answer.resume();
        if (answer.statusCode !== 202) return answer.statusCode;
      }
      return (await askRegistry(api, `${path}?digest=${digest}`, { method: 'PUT' })).status;
    },
    async cancel() {
      patch?.destroy();
      return (await askRegistry(api, path, { method: 'DELETE' })).status;
    },
  };
}
