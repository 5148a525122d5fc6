import { isHtml } from './answer-content.ts';
import { readRefusal, toAnswerFailure, unexpectedAnswer } from './answer-failure.ts';
import type { RequestOptions } from './registry-client.ts';
import { type Ask, type Sender, toAttempt } from './sender.ts';

/** `GET /v2/`. Source: distribution-spec 1.1, "Determining Support". */
export async function ping(sender: Sender, options: RequestOptions = {}): Promise<void> {
  const ask: Ask = { step: 'ping', method: 'GET', url: `${sender.origin}/v2/`, scopes: [], ...options };
  const response = await sender.send(ask);
  if (response.status !== 200) {
    const refusal = await readRefusal(response);
    const known = refusal.status === 404 ? { code: 'remote_unexpected' as const } : {};
    throw toAnswerFailure(refusal, toAttempt(ask), sender.clock.nowMs(), known);
  }
  await response.discard();
  if (isHtml(response)) throw unexpectedAnswer(response, toAttempt(ask), 'with a web page: it is no registry');
}
