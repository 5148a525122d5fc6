import { Failure, isFailure } from '../../kernel/failure.ts';
import type { HttpClient } from '../../net/http-client.ts';
import { parseRetryAfter } from '../../net/retry-after.ts';

const ANSWER_BYTES = 16 * 1024;
const TOLD_CHARACTERS = 200;

/**
 * Posts JSON and returns what was answered. Redirects are not followed: what is signed for one place is not for
 * another. Messages never hold the address, which may be a secret. Throws `receiver_gone` for 410, else
 * `receiver_failed`, with how long the receiver asked us to wait.
 */
export async function postJson(
  http: HttpClient,
  post: { url: string; body: string; headers?: Readonly<Record<string, string>>; signal: AbortSignal; nowMs: number },
): Promise<string> {
  const { url, body, headers = {}, signal, nowMs } = post;
  const bytes = Buffer.from(body);
  let status: number;
  let retryAfter: string | undefined;
  let answer: string;
  try {
    const response = await http.request({
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-length': String(bytes.length),
        ...headers,
      },
      body: bytes,
      signal,
    });
    ({ status } = response);
    retryAfter = response.headers['retry-after'];
    answer = new TextDecoder().decode(await response.bytes(ANSWER_BYTES));
  } catch (error) {
    if (isFailure(error, 'cancelled')) throw error;
    const code = isFailure(error) ? error.code : 'internal';
    throw new Failure('receiver_failed', `the receiver could not be reached (${code})`, { cause: error });
  }
  if (status >= 200 && status < 300) return answer;
  if (status === 410) throw new Failure('receiver_gone', 'the receiver is gone for good (410)');
  const retryAfterMs = parseRetryAfter(retryAfter, nowMs);
  const said = answer.replace(/\s+/g, ' ').trim().slice(0, TOLD_CHARACTERS);
  const what = status >= 300 && status < 400 ? ', a redirect, which is not followed' : said === '' ? '' : `: ${said}`;
  throw new Failure('receiver_failed', `the receiver answered ${status}${what}`, {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
