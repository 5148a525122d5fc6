import { Failure } from '../kernel/failure.ts';
import { isRepositoryName } from '../oci/repository-name.ts';

const PATTERN = /^[a-z0-9._/*-]{1,255}$/;

// Matching a pattern costs a power of the name's length per star; three keep the worst name at milliseconds.
const MAX_STARS = 3;

/** Is a choice's subject a pattern, not one image? */
export function isPatternSubject(subject: string): boolean {
  return subject.includes('*');
}

/** The subject of a choice, an image name or a pattern with `*`, as it was given; else throws `validation_failed`. */
export function parseChoiceSubject(text: string): string {
  if (!isPatternSubject(text)) {
    if (isRepositoryName(text)) return text;
    throw new Failure('validation_failed', `"${text.slice(0, 160)}" is neither an image name nor a pattern with *`);
  }
  if (!PATTERN.test(text) || text.includes('**') || text.startsWith('/') || text.endsWith('/') || text.includes('//')) {
    throw new Failure(
      'validation_failed',
      `"${text.slice(0, 160)}" is not an image pattern: the characters of image names, and single * for any characters`,
    );
  }
  if (text.split('*').length - 1 > MAX_STARS) {
    throw new Failure('validation_failed', `"${text.slice(0, 160)}" has more than ${MAX_STARS} * in it`);
  }
  return text;
}
