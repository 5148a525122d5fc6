import { Failure } from '../../src/kernel/failure.ts';

/** The failure that a promise ends with; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const outcome = await promise.then(
    () => 'a value',
    (error: unknown) => error,
  );
  if (!(outcome instanceof Failure)) throw new Error('expected a Failure', { cause: outcome });
  return outcome;
}
