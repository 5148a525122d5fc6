import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Failure } from '../kernel/failure.ts';
import type { HttpResponse } from './http-client.ts';
import { readBounded } from './read-bounded.ts';

/** Reading this much is cheaper than a new connection over a long link; more is not. */
const DISCARD_BYTES = 64 * 1024;
const DISCARD_MS = 1_000;

/** An answer as callers see it. `attempt` names the request in failures. */
export function openHttpResponse(answer: {
  status: number;
  headers: IncomingHttpHeaders;
  body: Readable;
  url: string;
  isLongPath: boolean;
  attempt: string;
}): HttpResponse {
  const { status, body, url, isLongPath } = answer;
  const headers = joinHeaders(answer.headers);
  return {
    status,
    headers,
    body,
    url,
    isLongPath,
    async bytes(limitBytes) {
      const { bytes, whole } = await readBounded(body, limitBytes);
      if (!whole)
        throw new Failure('remote_unexpected', `${answer.attempt}: the answer is longer than ${limitBytes} bytes`, {
          status,
        });
      return bytes;
    },
    discard: () => discard(body, Number(headers['content-length'] ?? 0)),
  };
}

function joinHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return joined;
}

async function discard(body: Readable, expectedBytes: number): Promise<void> {
  if (body.destroyed) return;
  if (expectedBytes > DISCARD_BYTES) {
    body.destroy();
    return;
  }
  const timer = setTimeout(() => body.destroy(), DISCARD_MS);
  let readBytes = 0;
  body.on('data', (chunk: Uint8Array) => {
    readBytes += chunk.byteLength;
    if (readBytes > DISCARD_BYTES) body.destroy();
  });
  // However it ends, the connection is given back or closed, which is all that was asked.
  await finished(body).catch(() => {});
  clearTimeout(timer);
}
