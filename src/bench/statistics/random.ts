/** A whole number from 0 up to, not including, `below`. */
export type RandomInteger = (below: number) => number;

/**
 * Random numbers that a seed repeats, for resampling: sfc32 of Chris Doty-Humphrey's PractRand, 128 bits of state, of
 * which the seed fills 32. Not for anything secret.
 */
export function seededRandom(seed: number): RandomInteger {
  let [a, b, c, counter] = [0, seed | 0, 0, 1];
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  // PractRand mixes twelve rounds before the first number of a new seed is used.
  for (let round = 0; round < 12; round += 1) next();
  return (below) => Math.floor((next() / 2 ** 32) * below);
}
