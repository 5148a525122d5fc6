import type { ServerResponse } from 'node:http';
import { giveBack } from '../../kernel/give-back.ts';
import type { PieceStream } from '../../kernel/piece-stream.ts';

/** Pieces that the kernel has not taken yet: with one more than it is working on, it never waits for the next. */
const PIECES_UNDER_WAY = 2;

/**
 * Sends a stream's pieces as fast as the client takes them and frees the memory of each once the kernel has it. The stream
 * is destroyed when the client goes away. Rejects when the stream did not come to its end.
 */
export async function sendBody(body: PieceStream, response: ServerResponse): Promise<void> {
  let underWay = 0;
  let wake = () => {};
  response.once('close', () => {
    body.destroy();
    wake();
  });
  for await (const piece of body) {
    underWay += 1;
    response.write(piece, (error?: Error | null) => {
      underWay -= 1;
      // A write that failed may not have let go of it.
      if (!error) giveBack([piece]);
      wake();
    });
    while (underWay >= PIECES_UNDER_WAY && !response.destroyed) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  response.end();
}
