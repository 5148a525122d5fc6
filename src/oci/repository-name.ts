import { Failure } from '../kernel/failure.ts';

/** A repository name such as `team/app`, lower case, parts joined by slashes. */
export type RepositoryName = string & { readonly __brand: 'RepositoryName' };

// OCI distribution-spec 1.1, "Pulling manifests": the regular expression of <name>; many clients cap host + name at 255.
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const MAX_LENGTH = 255;

export function isRepositoryName(text: string): text is RepositoryName {
  return text.length <= MAX_LENGTH && NAME.test(text);
}

/** Text → name, or throws `validation_failed`. */
export function parseRepositoryName(text: string): RepositoryName {
  if (!isRepositoryName(text)) {
    throw new Failure(
      'validation_failed',
      `"${text.slice(0, 160)}" is not a repository name: lower-case letters, digits and . _ - within parts, joined by "/", at most ${MAX_LENGTH} characters`,
    );
  }
  return text;
}
