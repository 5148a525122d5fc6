import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { giveBack } from '../../kernel/give-back.ts';

/**
 * Sends a stream's pieces as fast as the client takes them and frees the memory of each once the kernel has it. The stream
 * is destroyed when the client goes away. Rejects when the stream did not come to its end.
 */
export async function sendBody(body: Readable, response: ServerResponse): Promise<void> {
  let wake = () => {};
  response
    .on('drain', () => wake())
    .once('close', () => {
      body.destroy();
      wake();
    });
  for await (const piece of body) {
    const sent = (error?: Error | null) => {
      // A write that failed may not have let go of it.
      if (!error) giveBack([piece]);
    };
    if (response.write(piece, sent) || response.destroyed) continue;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  response.end();
}
