/** Resolves at the first SIGTERM or SIGINT; the second one ends the process at once, since everything is durable. */
export function untilSignalled(): Promise<string> {
  return new Promise((resolve) => {
    const onSignal = (signal: string) => {
      resolve(signal);
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => process.exit(1));
    };
    process.once('SIGTERM', () => onSignal('SIGTERM'));
    process.once('SIGINT', () => onSignal('SIGINT'));
  });
}
