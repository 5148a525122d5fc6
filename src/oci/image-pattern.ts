import { isRepositoryName } from './repository-name.ts';

/** An image's name, or a pattern with `*` that some name can match: where a `*` stands, an `a` may stand too. */
export function isImagePattern(text: string): boolean {
  return !text.includes('**') && isRepositoryName(text.replaceAll('*', 'a'));
}
