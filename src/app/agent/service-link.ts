import type { ClientIdentity } from '../../kernel/client-identity.ts';
import { Failure } from '../../kernel/failure.ts';
import type { Secret } from '../../kernel/secret.ts';
import { openHttpClient } from '../../net/open-http-client.ts';
import { openRenewedHttp } from './renewed-http.ts';

export type ServiceRequest = {
  readonly method: 'GET' | 'POST';
  /** Below the service's address, with its query: `/v1/snapshot?site=us-east`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** How long the service was asked to hold its answer back, on top of what any answer may take. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
};

export type ServiceAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

/** The service as its agents reach it. Throws `connect_failed` and the like when it is out of reach, never for a status. */
export type ServiceLink = {
  readonly url: string;
  request(request: ServiceRequest): Promise<ServiceAnswer>;
  close(): Promise<void>;
};

/** A service that is there answers within this, over any border; one that is not is asked anew. */
const ANSWER_MS = 2_000;
const LARGEST_ANSWER_BYTES = 1024 * 1024 * 1024;

export function openServiceLink(options: {
  readonly url: string;
  readonly token: Secret | undefined;
  readonly version: string;
  /** PEM of an authority that is trusted besides the public ones. */
  readonly ca?: string | undefined;
  /** The client certificate as its files have it now. */
  readonly readIdentity?: () => ClientIdentity | undefined;
}): ServiceLink {
  const http = openRenewedHttp(options.readIdentity ?? (() => undefined), (identity) =>
    openHttpClient({
      connectTimeoutMs: ANSWER_MS,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      ...(identity === undefined ? {} : { identity }),
    }),
  );
  return {
    url: options.url,
    async request({ method, path, headers, json, waitMs = 0, signal }) {
      const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
      const response = await http.request({
        method,
        url: `${options.url}${path}`,
        headers: {
          'user-agent': `entrepot-agent/${options.version}`,
          ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token.reveal()}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
        headersTimeoutMs: waitMs + ANSWER_MS,
        ...(signal === undefined ? {} : { signal }),
      });
      return {
        status: response.status,
        headers: response.headers,
        body: await response.bytes(LARGEST_ANSWER_BYTES),
      };
    },
    close: () => http.close(),
  };
}

/** The JSON that the service answered to `POST /v1/…`. Throws `remote_unexpected` for any status but 200, with what the service said of it. */
export function readServiceJson(answer: ServiceAnswer, attempt: string): unknown {
  if (answer.status !== 200) {
    throw new Failure('remote_unexpected', `${attempt} was answered ${answer.status}: ${readDetail(answer.body)}`, {
      status: answer.status,
    });
  }
  try {
    return JSON.parse(Buffer.from(answer.body).toString('utf8'));
  } catch (cause) {
    throw new Failure('remote_unexpected', `${attempt} was not answered with JSON`, { cause });
  }
}

/** What a problem document says, in short. */
export function readDetail(body: Uint8Array): string {
  const text = Buffer.from(body).toString('utf8');
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    if (typeof detail === 'string') return detail.slice(0, 300);
  } catch {
    // Something before the service answered.
  }
  return text.slice(0, 300);
}
