/**
 * Reads up to `limitBytes` of a stream. `whole` is false when there was more; the stream is ended then, as it is
 * when reading fails.
 */
export async function readBounded(
  body: AsyncIterable<Uint8Array>,
  limitBytes: number,
): Promise<{ bytes: Uint8Array; whole: boolean }> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  let whole = true;
  for await (const chunk of body) {
    const room = limitBytes - sizeBytes;
    if (chunk.byteLength > room) {
      if (room > 0) chunks.push(chunk.subarray(0, room));
      sizeBytes = limitBytes;
      whole = false;
      break;
    }
    chunks.push(chunk);
    sizeBytes += chunk.byteLength;
  }
  return { bytes: Buffer.concat(chunks, sizeBytes), whole };
}
