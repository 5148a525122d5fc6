/** Waits for somebody else's work to end: its value when well, undefined when badly; an abort ends the waiting only. */
export function untilSettled<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = (value?: T) => {
      signal.removeEventListener('abort', onAbort);
      resolve(value);
    };
    work.then(settle, () => settle());
  });
}
