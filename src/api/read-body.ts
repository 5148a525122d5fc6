import { Failure } from '../kernel/failure.ts';
import type { ApiContext } from './request-context.ts';

/** Largest JSON body: 500 images to resolve with long names and digests are under a fifth of it. */
export const JSON_LIMIT_BYTES = 2 ** 20;

/**
 * The body as it comes in, straight from the socket where there is one. Ending the iteration early leaves the
 * connection open, so that the answer that explains it can still be sent.
 */
export function requestBody(c: ApiContext): AsyncIterable<Uint8Array> {
  const incoming = c.env?.incoming;
  if (incoming !== undefined) return { [Symbol.asyncIterator]: () => incoming.iterator({ destroyOnReturn: false }) };
  return c.req.raw.body ?? emptyBody();
}

/** The declared type without its parameters, lower case; undefined when there is none. */
export function findContentType(c: ApiContext): string | undefined {
  return c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
}

/** Refuses a body whose declared length is over the limit, before a byte of it is read. */
export function checkContentLength(c: ApiContext, limitBytes: number): void {
  const length = c.req.header('content-length');
  if (length !== undefined && Number(length) > limitBytes) throw bodyTooLarge(limitBytes);
}

/** The body as a JSON value. Throws `validation_failed` (another type, not JSON, none at all) and `body_too_large`. */
export async function readJson(c: ApiContext): Promise<unknown> {
  const type = findContentType(c);
  if (type !== 'application/json') {
    throw new Failure('validation_failed', `The body must be application/json, not ${type ?? 'of no declared type'}`, {
      errors: [{ path: 'Content-Type', detail: 'must be application/json' }],
    });
  }
  checkContentLength(c, JSON_LIMIT_BYTES);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of requestBody(c)) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > JSON_LIMIT_BYTES) throw bodyTooLarge(JSON_LIMIT_BYTES);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (cause) {
    throw new Failure('validation_failed', 'The body is not valid JSON', {
      cause,
      errors: [{ path: '', detail: 'is not valid JSON in UTF-8' }],
    });
  }
}

function bodyTooLarge(limitBytes: number): Failure {
  return new Failure('body_too_large', `The body is larger than the ${limitBytes} bytes that are taken here`);
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}
