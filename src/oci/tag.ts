import { Failure } from '../kernel/failure.ts';

/** A tag such as `1.2.3`. */
export type Tag = string & { readonly __brand: 'Tag' };

// OCI distribution-spec 1.1, "Pulling manifests": the regular expression of <reference> as a tag.
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

export function isTag(text: string): text is Tag {
  return TAG.test(text);
}

/** Text → tag, or throws `validation_failed`. */
export function parseTag(text: string): Tag {
  if (!isTag(text)) {
    throw new Failure(
      'validation_failed',
      `"${text.slice(0, 160)}" is not a tag: up to 128 of letters, digits and . _ -`,
    );
  }
  return text;
}
