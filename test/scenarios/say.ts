/** What the scenario of benchmarks sees, for whoever reads along. */
export function say(text: string): void {
  process.stdout.write(`scenario:benchmark  ${text}\n`);
}

export function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
