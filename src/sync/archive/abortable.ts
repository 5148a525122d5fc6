/**
 * The source's items until the signal aborts; then its reason is thrown at once, also while the source keeps us
 * waiting. The source is told to stop, but not waited for.
 */
export async function* abortable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  signal.throwIfAborted();
  const iterator = source[Symbol.asyncIterator]();
  // One promise a step: racing a promise that lives as long as the stream would keep every step's reaction in memory.
  let rejectStep: (reason: unknown) => void = () => {};
  const onAbort = () => rejectStep(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  let isDone = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const step = await new Promise<IteratorResult<T>>((resolve, reject) => {
        rejectStep = reject;
        iterator.next().then(resolve, reject);
      });
      if (step.done === true) {
        isDone = true;
        return;
      }
      yield step.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (!isDone) stop(iterator);
  }
}

async function stop(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // It is being given up; how it ends does not matter.
  }
}
