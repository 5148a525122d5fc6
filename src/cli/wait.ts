import type { CliIo } from './cli-io.ts';

/** A wait that ends by itself after a while, or by Ctrl-C; `ending` says which, once `signal` is aborted. */
export type Wait = Disposable & { readonly signal: AbortSignal; readonly ending: 'timeout' | 'interrupt' | undefined };

// Timers above this fire at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function openWait(io: CliIo, timeoutMs: number | undefined): Wait {
  const controller = new AbortController();
  let ending: Wait['ending'];
  const end = (reason: 'timeout' | 'interrupt') => {
    ending ??= reason;
    controller.abort(new Error(reason));
  };
  const timer = timeoutMs === undefined ? undefined : setTimeout(end, Math.min(timeoutMs, LONGEST_TIMER_MS), 'timeout');
  const interrupt = io.onInterrupt(() => end('interrupt'));
  return {
    signal: controller.signal,
    get ending() {
      return ending;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      interrupt[Symbol.dispose]();
    },
  };
}
