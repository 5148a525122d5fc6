// Calls an HTTP server from the host it runs on, for whoever stands outside, as long as its stdin is open: each line there
// is `{id, method, url, token, body?}`, each line on stdout `{id, status, body}` or `{id, error}`.
import { createInterface } from 'node:readline';

type Call = { id: number; method: string; url: string; token: string; body?: unknown };

async function call({ id, method, url, token, body }: Call): Promise<Record<string, unknown>> {
  try {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { id, status: response.status, body: isJson ? JSON.parse(text) : text };
  } catch (error) {
    return { id, error: String(error) };
  }
}

console.log(JSON.stringify({ event: 'listening' }));
for await (const line of createInterface({ input: process.stdin })) {
  void call(JSON.parse(line) as Call).then((answer) => console.log(JSON.stringify(answer)));
}
