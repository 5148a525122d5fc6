/**
 * The share of a standard normal distribution below `z`, good to 1.2e-7: the Chebyshev fit of erfc from Numerical
 * Recipes (Press et al., section 6.2).
 */
export function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const polynomial = COEFFICIENTS.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  const beyond = (t * Math.exp(-x * x + polynomial)) / 2;
  return z >= 0 ? 1 - beyond : beyond;
}

const COEFFICIENTS = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
  0.17087277,
];
