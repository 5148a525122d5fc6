// Asks the service on this host for a push and follows it: `drive-push.ts URL BODY`. Prints JSON lines: how it goes,
// every half second, and at the end `{"event": "done", "seconds", "push"}`, counted from the 202 on. A service that is
// away for a while is asked again.
import { setTimeout as sleep } from 'node:timers/promises';
import { AUTHORIZATION } from '../children.ts';

const [url = '', body = ''] = process.argv.slice(2);
type Push = {
  readonly id: string;
  readonly state: string;
  readonly transfers: readonly { readonly bytesSent: number }[];
};

const answer = await fetch(`${url}/v1/pushes`, {
  method: 'POST',
  headers: { 'content-type': 'application/json', ...AUTHORIZATION },
  body,
});
const acceptedAt = performance.now();
if (answer.status !== 202) throw new Error(`the push was answered ${answer.status}: ${await answer.text()}`);
const { id } = (await answer.json()) as Push;

async function readPush(query: string): Promise<Push | undefined> {
  try {
    const read = await fetch(`${url}/v1/pushes/${id}${query}`, { headers: AUTHORIZATION });
    return read.ok ? ((await read.json()) as Push) : undefined;
  } catch {
    return undefined;
  }
}

let isOver = false;
async function tell(): Promise<void> {
  for (; !isOver; await sleep(500)) {
    const push = await readPush('');
    if (push === undefined || isOver) continue;
    const bytesSent = push.transfers.reduce((sum, transfer) => sum + transfer.bytesSent, 0);
    console.log(JSON.stringify({ event: 'progress', bytesSent, state: push.state }));
  }
}

tell();
for (;;) {
  const push = await readPush('?wait=30s');
  if (push === undefined) await sleep(100);
  else if (push.state !== 'running') {
    const seconds = (performance.now() - acceptedAt) / 1_000;
    isOver = true;
    console.log(JSON.stringify({ event: 'done', seconds, push }));
    process.exit();
  }
}
