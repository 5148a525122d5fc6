/** Okabe and Ito's palette, which people with any colour vision can tell apart; black text reads on none of them. */
const PALETTE = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#7a7a7a', '#000000'];

export type RegistryColors = (registry: string) => string;

export function registryColors(registries: Iterable<string>): RegistryColors {
  const colors = new Map([...new Set(registries)].sort().map((name, at) => [name, PALETTE[at % PALETTE.length]]));
  return (registry) => colors.get(registry) ?? '#000000';
}

/** The colour of a share of failures, as SmokePing colours its median by loss. */
export function failureColor(share: number): string | null {
  return FAILURE_STEPS.find(({ above }) => share > above)?.color ?? null;
}

export const FAILURE_STEPS = [
  { above: 0.5, color: '#000000', label: 'more than half failed' },
  { above: 0.1, color: '#b00020', label: 'more than 10 % failed' },
  { above: 0, color: '#e8590c', label: 'some failed' },
] as const;
