import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type Interrupts = Disposable & {
  /** Aborts at the first signal; the second one ends the process at once. */
  readonly signal: AbortSignal;
  /** The signal that came, with the exit status by which shells report it. */
  readonly received: { readonly name: string; readonly exitStatus: number } | undefined;
  untilInterrupted(): Promise<void>;
};

/** Turns the signals that ask a process to end into an `AbortSignal`, until it is disposed. */
export function watchInterrupts(): Interrupts {
  const controller = new AbortController();
  let received: { name: string; exitStatus: number } | undefined;
  const onSignal = (name: NodeJS.Signals) => {
    const exitStatus = 128 + constants.signals[name];
    if (received !== undefined) process.exit(exitStatus);
    received = { name, exitStatus };
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    get received() {
      return received;
    },
    untilInterrupted: () =>
      new Promise((resolve) => {
        if (controller.signal.aborted) return resolve();
        // Waiting for a signal keeps no process alive.
        const alive = setInterval(() => {}, 2 ** 30);
        controller.signal.addEventListener(
          'abort',
          () => {
            clearInterval(alive);
            resolve();
          },
          { once: true },
        );
      }),
    [Symbol.dispose]() {
      for (const name of SIGNALS) process.removeListener(name, onSignal);
    },
  };
}
