import type { IncomingMessage } from 'node:http';
import { Failure } from '../../kernel/failure.ts';

/** The `Content-Length` of a request; undefined when its body is sent chunked. */
export function findContentLength(request: IncomingMessage): number | undefined {
  if (request.headers['transfer-encoding'] !== undefined) return undefined;
  const header = request.headers['content-length'];
  return header === undefined ? 0 : Number(header);
}

/** The whole body of a request, or `body_too_large` as soon as it is known to be. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const tooLarge = () => new Failure('body_too_large', `the request's body is over the limit of ${limitBytes} bytes`);
  if ((findContentLength(request) ?? 0) > limitBytes) throw tooLarge();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.byteLength;
      if (sizeBytes <= limitBytes) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(tooLarge());
      }
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', (cause) => reject(new Failure('connection_lost', 'the request broke off', { cause })));
    request.on('close', () => reject(new Failure('connection_lost', 'the request broke off')));
  });
}
