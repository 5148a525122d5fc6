// Asks an HTTP server from the host it runs on, for whoever stands outside: `ask-here.ts URL TOKEN [MS|JSON]`. Prints
// `{status, body}`; JSON is posted. With MS it asks each tenth of a second, for so long at most, until the answer's
// `asOf` is later than when it was started, and prints `{afterMs, body}` of that one.
const [url = '', token = '', more] = process.argv.slice(2);
const post = more?.startsWith('{') ? more : undefined;
const patience = post === undefined ? more : undefined;

async function ask(): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(post === undefined ? {} : { method: 'POST', body: post }),
    signal: AbortSignal.timeout(5_000),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

if (patience === undefined) {
  console.log(JSON.stringify(await ask()));
} else {
  const beganAt = Date.now();
  for (;;) {
    const { body } = await ask();
    const afterMs = Date.now() - beganAt;
    if (Date.parse((body as { asOf?: string }).asOf ?? '') > beganAt) {
      console.log(JSON.stringify({ afterMs, body }));
      break;
    }
    if (afterMs > Number(patience)) throw new Error(`after ${afterMs} ms still ${JSON.stringify(body)}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}
