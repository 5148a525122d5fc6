import type { PushRecord } from './push-record.ts';

/** What every line of the log about a push says: which it is, and the call that asked for it. */
export function pushFacts({ id, name, tag, requestId }: PushRecord): Record<string, string> {
  return { push: id, image: `${name}:${tag}`, ...(requestId === null ? {} : { requestId }) };
}
