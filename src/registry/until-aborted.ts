import { Failure } from '../kernel/failure.ts';

/** Waits for work that others wait for too: an abort ends only this wait (`cancelled`), not the work. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(new Failure('cancelled', 'cancelled while waiting', { cause: signal.reason }));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Whoever began the work may be gone: its failure is then nobody's, which is no reason to end the process.
    work.catch(() => {});
  }
}
