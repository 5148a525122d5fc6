import { randomUUID } from 'node:crypto';
import type { Role } from '../../src/access/principal.ts';
import type { Push, PushState } from '../../src/api/schema/push-schema.ts';
import { eventually } from './eventually.ts';
import { askRegistry } from './registry-place.ts';
import { TEST_TOKEN } from './test-token.ts';

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> };
export type PushRequest = { readonly image: string; readonly source: string; readonly [member: string]: unknown };

/** Speaks to a running service as its callers do. */
export class ServiceApi {
  readonly url: string;
  readonly token: string;

  constructor(url: string, token = TEST_TOKEN) {
    this.url = url;
    this.token = token;
  }

  get authorization(): string {
    return `Bearer ${this.token}`;
  }

  /** The same service, as somebody else asks it. */
  as(token: string): ServiceApi {
    return new ServiceApi(this.url, token);
  }

  /** Makes a token, and speaks with it. */
  async withToken(request: { readonly role: Role; readonly [member: string]: unknown }): Promise<ServiceApi> {
    const name = `${request.role}-${randomUUID().slice(0, 8)}`;
    const { status, body } = await this.send('POST', '/v1/tokens', { name, ...request });
    if (status !== 201) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
    return this.as(String(body.token));
  }

  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: this.authorization,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return toAnswer(response);
  }

  /** For answers that are not JSON, and for the OCI door. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return askRegistry(this, path, init);
  }

  /** Pushes an archive; a stream may end as it likes. */
  async sendArchive(
    query: string,
    archive: Uint8Array | ReadableStream<Uint8Array>,
    signal?: AbortSignal,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}/v1/pushes?${query}`, {
      method: 'POST',
      headers: { authorization: this.authorization, 'content-type': 'application/x-tar', ...headers },
      body: archive instanceof Uint8Array ? new Uint8Array(archive) : archive,
      duplex: 'half',
      ...(signal === undefined ? {} : { signal }),
    });
    return toAnswer(response);
  }

  async push(request: PushRequest, headers: Record<string, string> = {}): Promise<Push> {
    return expectPush(await this.send('POST', '/v1/pushes', request, headers), 202);
  }

  async pushArchive(image: string, archive: Uint8Array, query = ''): Promise<Push> {
    return expectPush(await this.sendArchive(`image=${encodeURIComponent(image)}${query}`, archive), 202);
  }

  async getPush(id: string, wait?: string): Promise<Push> {
    return expectPush(await this.send('GET', `/v1/pushes/${id}${wait === undefined ? '' : `?wait=${wait}`}`), 200);
  }

  /** The push once it is final; throws, telling its legs, when that is another state than expected. */
  async untilFinal(id: string, state: PushState = 'placed', wait = '20s'): Promise<Push> {
    const push = await this.getPush(id, wait);
    if (push.state !== state)
      throw new Error(`push ${id} is ${push.state} instead of ${state}: ${JSON.stringify(push.transfers)}`);
    return push;
  }

  /** The leg once it is as asked for. */
  untilLeg(
    id: string,
    registry: string,
    isSo: (leg: Push['transfers'][number]) => boolean,
  ): Promise<Push['transfers'][number]> {
    return eventually(
      async () => {
        const leg = legOf(await this.getPush(id), registry);
        if (isSo(leg)) return leg;
        throw new Error(JSON.stringify(leg));
      },
      { what: `the leg to ${registry}` },
    );
  }

  resolve(image: string, cluster: string, wait?: string): Promise<Answer> {
    return this.send(
      'GET',
      `/v1/resolve?image=${encodeURIComponent(image)}&cluster=${cluster}${wait === undefined ? '' : `&wait=${wait}`}`,
    );
  }
}

export function legOf(push: Push, registry: string): Push['transfers'][number] {
  const leg = push.transfers.find((each) => each.registry === registry);
  if (leg === undefined) throw new Error(`push ${push.id} has no leg to ${registry}`);
  return leg;
}

async function toAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') ? JSON.parse(text) : { text },
  };
}

function expectPush({ status, body }: Answer, expected: number): Push {
  if (status !== expected) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
  return body as Push;
}
