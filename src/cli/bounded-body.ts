import { Failure } from '../kernel/failure.ts';

/** The whole body as text; `remote_unexpected` when it is longer than `limitBytes`. */
export async function readBoundedText(response: Response, limitBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > limitBytes) {
      throw new Failure(
        'remote_unexpected',
        `the answer is longer than the ${limitBytes} bytes that any answer may have`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
