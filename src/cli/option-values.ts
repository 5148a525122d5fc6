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

/** The text as it was written, once the parser has taken it: for what the service parses itself. */
export function checkedText(parse: (text: string) => unknown): (text: string) => string {
  return optionValue((text) => {
    parse(text);
    return text;
  });
}

/** For an option that may be given several times: its values in the order given. */
export function optionValues<T>(
  parse: (text: string) => T,
): (text: string, before: readonly T[] | undefined) => readonly T[] {
  const parseOne = optionValue(parse);
  return (text, before = []) => [...before, parseOne(text)];
}
