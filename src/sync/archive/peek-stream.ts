/** The first bytes of a stream (fewer when it is shorter), and the whole stream, those bytes included. */
export async function peekStream(
  source: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<{ head: Uint8Array; body: AsyncGenerator<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const pieces: Uint8Array[] = [];
  let seen = 0;
  let isDone = false;
  while (seen < bytes && !isDone) {
    const step = await iterator.next();
    isDone = step.done === true;
    if (step.done !== true) {
      pieces.push(step.value);
      seen += step.value.byteLength;
    }
  }
  return { head: Buffer.concat(pieces).subarray(0, bytes), body: resume(pieces, iterator, isDone) };
}

async function* resume(
  pieces: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
  isDone: boolean,
): AsyncGenerator<Uint8Array> {
  let hasEnded = isDone;
  try {
    yield* pieces;
    while (!hasEnded) {
      const step = await iterator.next();
      if (step.done === true) hasEnded = true;
      else yield step.value;
    }
  } finally {
    if (!hasEnded) await iterator.return?.();
  }
}
