// A client of the API in nothing but `fetch`: starts a push, prints its progress as it happens, and says where the
// clusters pull the image.
//
//   ENTREPOT_URL=http://127.0.0.1:8080 node bin/node.js examples/follow-a-push.ts team/app:1.2.3 harbor.bj/team/app:1.2.3

type Transfer = {
  registry: string;
  state: string;
  bytesSent: number;
  bytesTotal: number;
  error: { detail: string } | null;
};
type Push = {
  id: string;
  image: string;
  state: string;
  transfers: Transfer[];
  links: { self: string; events: string };
};

const base = process.env.ENTREPOT_URL ?? 'http://127.0.0.1:8080';
const authorization = `Bearer ${process.env.ENTREPOT_TOKEN ?? ''}`;
const [image = '', source = ''] = process.argv.slice(2);

async function ask<T>(path: string, init: { method?: string; body?: unknown; key?: string } = {}): Promise<T> {
  const response = await fetch(new URL(path, base), {
    method: init.method ?? 'GET',
    headers: {
      authorization,
      ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(init.key === undefined ? {} : { 'idempotency-key': init.key }),
    },
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
  });
  // A problem document (RFC 9457): `code` is for programs, `detail` for people.
  if (!response.ok) {
    const problem = (await response.json()) as { code: string; detail: string };
    throw new Error(`${problem.code}: ${problem.detail}`);
  }
  return (await response.json()) as T;
}

/** The data of each server-sent event, with the event's name, until the server says `end`. */
async function* eventsOf(path: string): AsyncGenerator<{ event: string; data: unknown }> {
  const response = await fetch(new URL(path, base), { headers: { authorization, accept: 'text/event-stream' } });
  if (!response.ok || response.body === null) throw new Error(`${path} was answered ${response.status}`);
  let pending = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    pending += text;
    for (let end = pending.indexOf('\n\n'); end >= 0; end = pending.indexOf('\n\n')) {
      const lines = pending.slice(0, end).split('\n');
      pending = pending.slice(end + 2);
      const find = (field: string) => lines.find((line) => line.startsWith(`${field}: `))?.slice(field.length + 2);
      const event = find('event');
      if (event === 'end') return;
      if (event !== undefined) yield { event, data: JSON.parse(find('data') ?? 'null') };
    }
  }
}

try {
  // The same key with the same body is the same push: safe to send again when the answer got lost.
  const key = crypto.randomUUID();
  const accepted = await ask<Push>('/v1/pushes', { method: 'POST', body: { image, source }, key });
  console.log(`${accepted.image} is push ${accepted.id}`);
  for await (const { event, data } of eventsOf(accepted.links.events)) {
    if (event !== 'transfer') continue;
    const leg = data as Transfer;
    console.log(
      `${leg.registry}: ${leg.state}, ${leg.bytesSent} of ${leg.bytesTotal} bytes ${leg.error?.detail ?? ''}`.trimEnd(),
    );
  }
  // The events are for watching; what counts is asked for, as they may have been cut off.
  const push = await ask<Push>(`${accepted.links.self}?wait=60s`);
  console.log(`the push is ${push.state}`);
  const { items } = await ask<{ items: { name: string }[] }>('/v1/clusters');
  for (const { name } of items) {
    const query = new URLSearchParams({ image, cluster: name });
    const { reference, state } = await ask<{ reference: string; state: string }>(`/v1/resolve?${query}`);
    console.log(`${name} pulls ${reference} (${state})`);
  }
  process.exitCode = push.state === 'placed' ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
