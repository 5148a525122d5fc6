import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { parseByteRange } from '../../src/api/v2/byte-range.ts';
import type { RegistryStorage } from '../../src/api/v2/registry-storage.ts';
import { type Digest, isDigest } from '../../src/oci/digest.ts';
import { parseRepositoryName, type RepositoryName } from '../../src/oci/repository-name.ts';

export const BLOB_ORIGIN_PATH = '/blob-origin';

/**
 * An object store that blob GETs are redirected to: presigned URLs good for GET alone, and 400 to whoever brings an
 * Authorization along, as S3 answers it.
 */
export class BlobOrigin {
  readonly #storage: RegistryStorage;
  readonly #key = randomBytes(32);

  constructor(storage: RegistryStorage) {
    this.#storage = storage;
  }

  presign(origin: string, repository: RepositoryName, digest: Digest): string {
    return `${origin}${BLOB_ORIGIN_PATH}/${repository}/${digest}?X-Signature=${this.#sign(repository, digest)}`;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    this.#answer(request, response).catch(() => response.destroy());
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refuse = (status: number, code: string): void => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
    };
    const match = /^\/blob-origin\/(.+)\/([^/]+)\?X-Signature=([0-9a-f]+)$/.exec(request.url ?? '');
    const [, repository = '', digest = '', signature] = match ?? [];
    if (request.headers.authorization !== undefined) return refuse(400, 'InvalidArgument');
    if (request.method !== 'GET' || !isDigest(digest) || signature !== this.#sign(repository, digest))
      return refuse(403, 'SignatureDoesNotMatch');
    const name = parseRepositoryName(repository);
    const found = await this.#storage.findBlob(name, digest);
    if (found === undefined) return refuse(404, 'NoSuchKey');
    const range = parseByteRange(request.headers.range, found.sizeBytes);
    if (range.kind === 'unsatisfiable') return refuse(416, 'InvalidRange');
    const { offset, end } = range.kind === 'part' ? range : { offset: 0, end: found.sizeBytes };
    response.writeHead(range.kind === 'part' ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'content-length': String(end - offset),
      ...(range.kind === 'part' ? { 'content-range': `bytes ${offset}-${end - 1}/${found.sizeBytes}` } : {}),
    });
    const body = offset === end ? undefined : await this.#storage.openBlob(name, digest, { offset, end });
    if (body === undefined) response.end();
    else pipeline(body, response, () => {});
  }

  #sign(repository: string, digest: string): string {
    return createHmac('sha256', this.#key).update(`${repository} ${digest}`).digest('hex');
  }
}
