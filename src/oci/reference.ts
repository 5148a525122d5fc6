import { Failure } from '../kernel/failure.ts';
import { type Digest, parseDigest } from './digest.ts';
import { parseRepositoryName, type RepositoryName } from './repository-name.ts';
import { parseTag, type Tag } from './tag.ts';

/** An image without a host: `team/app:1.2.3`, `team/app@sha256:…`, or both. */
export type ImageReference = {
  readonly name: RepositoryName;
  readonly tag: Tag | null;
  readonly digest: Digest | null;
};

/** `name[:tag][@digest]` → its parts, or throws `validation_failed`. A host and port are not part of it. */
export function parseImageReference(text: string): ImageReference {
  const at = text.indexOf('@');
  const digest = at < 0 ? null : parseDigest(text.slice(at + 1));
  const rest = at < 0 ? text : text.slice(0, at);
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  const name = parseRepositoryName(colon < 0 ? rest : rest.slice(0, colon));
  const tag = colon < 0 ? null : parseTag(rest.slice(colon + 1));
  return { name, tag, digest };
}

export function formatImageReference(reference: ImageReference): string {
  const tag = reference.tag === null ? '' : `:${reference.tag}`;
  const digest = reference.digest === null ? '' : `@${reference.digest}`;
  return `${reference.name}${tag}${digest}`;
}

/** A release `name:tag`; a reference without a tag, or with a digest, throws `validation_failed`. */
export function parseRelease(text: string): { name: RepositoryName; tag: Tag } {
  const { name, tag, digest } = parseImageReference(text);
  if (tag === null || digest !== null) {
    throw new Failure(
      'validation_failed',
      `"${text.slice(0, 160)}" must be an image with a tag and no digest, such as team/app:1.2.3`,
    );
  }
  return { name, tag };
}
