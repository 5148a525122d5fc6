import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer };

export type Ask = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Sends the body chunked, without a Content-Length. */
  readonly chunked?: boolean;
};

/** One bare HTTP request, nothing added, nothing followed, nothing decoded. */
export function ask(url: string, method: string, options: Ask = {}): Promise<Answer> {
  const body = options.body === undefined ? undefined : Buffer.from(options.body);
  const length =
    body === undefined
      ? method === 'GET' || method === 'HEAD'
        ? {}
        : { 'content-length': '0' }
      : options.chunked
        ? {}
        : { 'content-length': String(body.byteLength) };
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url,
      { method, headers: { ...length, ...options.headers }, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    if (options.chunked && body !== undefined) {
      const half = Math.ceil(body.byteLength / 2);
      request.write(body.subarray(0, half));
      request.end(body.subarray(half));
    } else request.end(body);
  });
}

/** The code of the protocol's error body. */
export function errorCode(answer: Answer): unknown {
  return (JSON.parse(answer.body.toString()) as { errors: { code: string }[] }).errors[0]?.code;
}

/** A session's place after an answer that names it, absolute. */
export function locationOf(answer: Answer, url: string): string {
  return new URL(answer.headers.location ?? 'no-location:', url).href;
}

/** Opens an upload session and answers its place. */
export async function openSession(url: string, repository: string, query = ''): Promise<string> {
  const answer = await ask(`${url}/v2/${repository}/blobs/uploads/${query}`, 'POST');
  if (answer.status !== 202) throw new Error(`POST was answered ${answer.status}`);
  return locationOf(answer, url);
}
