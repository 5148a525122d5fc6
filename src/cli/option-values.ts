import { InvalidArgumentError } from 'commander';
import { isFailure } from '../kernel/failure.ts';

/** A parser of the vocabulary as commander wants it: what the parser says becomes the usage error of the option. */
export function optionValue<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (isFailure(error, 'validation_failed')) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

/** For an option that may be given several times: its values in the order given. */
export function optionValues<T>(
  parse: (text: string) => T,
): (text: string, before: readonly T[] | undefined) => readonly T[] {
  const parseOne = optionValue(parse);
  return (text, before = []) => [...before, parseOne(text)];
}
