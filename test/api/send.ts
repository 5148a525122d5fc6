import type { ApiApp } from '../../src/api/request-context.ts';

/** Sends a request with a JSON body to the app; the answer's body comes parsed where it is JSON. */
export async function send(
  app: ApiApp,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> & { errors?: unknown }; text: string }> {
  const init =
    body === undefined
      ? { headers }
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } };
  const response = await app.request(path, { method, ...init });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : {}, text };
}
