import type { PieceStream } from '../../kernel/piece-stream.ts';

/**
 * What a request is answered with. A stream must bring exactly `content-length` bytes, in pieces that are nobody else's:
 * their memory is freed once they are sent. It is destroyed when the client goes away. On HEAD the headers speak of the body that GET would bring and `body` is left out.
 */
export type RegistryAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | PieceStream;
};

/** Error codes and the status each is answered with. Source: distribution-spec 1.1, "Error Codes"; below the line, codes of distribution. */
const ERROR_STATUS = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  // ---
  TAG_INVALID: 400,
  PAGINATION_NUMBER_INVALID: 400,
  UNAVAILABLE: 503,
  UNKNOWN: 500,
} as const;

export type RegistryErrorCode = keyof typeof ERROR_STATUS;

/** An answer with the protocol's error body. */
export function refuse(
  code: RegistryErrorCode,
  message: string,
  options: { status?: number; headers?: Readonly<Record<string, string>>; detail?: unknown } = {},
): RegistryAnswer {
  const error = { code, message, ...(options.detail === undefined ? {} : { detail: options.detail }) };
  return answerJson(options.status ?? ERROR_STATUS[code], { errors: [error] }, options.headers);
}

export function answerJson(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): RegistryAnswer {
  const body = Buffer.from(JSON.stringify(value));
  return {
    status,
    headers: { 'content-type': 'application/json', 'content-length': String(body.byteLength), ...headers },
    body,
  };
}

/** An answer without a body. */
export function answerEmpty(status: number, headers: Readonly<Record<string, string>> = {}): RegistryAnswer {
  return { status, headers: status === 204 || status === 304 ? headers : { 'content-length': '0', ...headers } };
}
