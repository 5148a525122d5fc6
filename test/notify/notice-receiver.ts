import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TEST_CERTIFICATE, TEST_KEY } from '../net/tls-fixture.ts';

export type Received = {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they know it
  readonly body: any;
};

export type ReceiverAnswer = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Never answers. */
  readonly silent?: true;
};

/** A real HTTP server that keeps what is posted to it, and answers what it is told to. */
export async function openNoticeReceiver(options: { tls?: true } = {}) {
  const received: Received[] = [];
  const answers: ReceiverAnswer[] = [];
  let usual: ReceiverAnswer = {};
  const onRequest: Parameters<typeof createServer>[1] & object = async (request, response) => {
    let text = '';
    for await (const part of request) text += String(part);
    received.push({
      path: request.url ?? '',
      headers: request.headers,
      text,
      body: text === '' ? null : JSON.parse(text),
    });
    const { status = 200, headers = {}, body = {}, silent } = answers.shift() ?? usual;
    if (silent === true) return;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
  const server =
    options.tls === true
      ? createTlsServer({ cert: TEST_CERTIFICATE, key: TEST_KEY }, onRequest)
      : createServer(onRequest);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http${options.tls === true ? 's' : ''}://127.0.0.1:${port}`,
    received,
    /** The next answers, one after the other. */
    answerNext: (...next: ReceiverAnswer[]) => answers.push(...next),
    /** What it answers when no other answer is due. */
    answerAlways(answer: ReceiverAnswer) {
      usual = answer;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
