import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpShortcut } from '../../api/serve.ts';
import { toFailure } from '../../kernel/failure.ts';
import { type DoorLogParts, logDoorRequest } from './door-log.ts';

type Door = { answer(incoming: IncomingMessage, outgoing: ServerResponse): unknown };

/** Hands what is below `/v2` to the first of the doors that answers it. */
export function v2Shortcut(doors: readonly Door[], parts: DoorLogParts): HttpShortcut {
  const { log } = parts;
  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    for (const door of doors) if ((await door.answer(incoming, outgoing)) !== false) return;
    outgoing.writeHead(404).end();
  }
  return (incoming, outgoing) => {
    if (!/^\/v2(?:[/?]|$)/.test(incoming.url ?? '')) return false;
    logDoorRequest(incoming, outgoing, parts);
    answer(incoming, outgoing).catch((error: unknown) => {
      log.error({ event: 'registry_request_failed', method: incoming.method, error: toFailure(error).message });
      outgoing.destroy();
    });
    return true;
  };
}
