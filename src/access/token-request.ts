import { Failure } from '../kernel/failure.ts';
import { isImagePattern } from '../oci/image-pattern.ts';
import type { World } from '../regions/world.ts';
import { ALL_IMAGES, type Role } from './principal.ts';

/** What a new token is asked to be. */
export type TokenRequest = {
  readonly name: string;
  readonly role: Role;
  readonly images?: readonly string[];
  readonly cluster?: string;
  readonly site?: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
};

export type TokenScope = {
  readonly images: readonly string[];
  readonly cluster: string | null;
  readonly site: string | null;
};

const NAME = /^[a-z0-9](?:[a-z0-9._/-]{0,62}[a-z0-9])?$/;
/** More would let a pattern's cost grow beyond what a request may cost. */
const MAX_STARS = 3;
const MAX_PATTERNS = 50;

/**
 * What a token is scoped to, checked against the roles and the configured world. Throws `validation_failed` with every
 * mistake.
 */
export function parseTokenScope(
  request: TokenRequest,
  world: Pick<World, 'clusters' | 'sites'>,
  nowMs: number,
): TokenScope {
  const { role, images, cluster, site } = request;
  const errors: { path: string; detail: string }[] = [];
  const mistake = (path: string, detail: string) => errors.push({ path, detail });
  if (!NAME.test(request.name))
    mistake('name', 'must be 1 to 64 lower-case letters, digits and . _ - / between them, such as ci-team-a');
  if (role === 'ci' && (images === undefined || images.length === 0))
    mistake('images', 'must say which images this token may push, such as ["team/*"]');
  if (images !== undefined && images.length > 0 && role === 'admin')
    mistake('images', 'do not limit a token of role admin; leave them out');
  if (images !== undefined && images.length > MAX_PATTERNS) mistake('images', `must be at most ${MAX_PATTERNS}`);
  for (const pattern of images ?? []) {
    if (!isImagePattern(pattern) || countStars(pattern) > MAX_STARS)
      mistake(
        'images',
        `${JSON.stringify(pattern.slice(0, 80))} is neither an image name nor a pattern such as team/*`,
      );
  }
  if (role === 'cluster') {
    if (cluster === undefined) mistake('cluster', 'must say which cluster this token is for');
    else if (!world.clusters.some(({ name }) => name === cluster))
      mistake('cluster', `is not one of the configured clusters${listed(world.clusters)}`);
  } else if (cluster !== undefined) mistake('cluster', `belongs to tokens of role cluster, not ${role}`);
  if (role === 'agent') {
    if (site === undefined) mistake('site', 'must say at which site the agent works');
    else if (!world.sites.some(({ name }) => name === site))
      mistake('site', `is not one of the configured sites${listed(world.sites)}`);
  } else if (site !== undefined) mistake('site', `belongs to tokens of role agent, not ${role}`);
  if (request.expiresAt !== undefined && request.expiresAt <= nowMs) mistake('expiresAt', 'must be in the future');
  if (errors.length > 0) {
    const list = errors.map(({ path, detail }) => `${path} ${detail}`).join('; ');
    throw new Failure('validation_failed', `The token cannot be made: ${list}`, { errors });
  }
  return { images: images ?? defaultImages(role), cluster: cluster ?? null, site: site ?? null };
}

function defaultImages(role: Role): readonly string[] {
  return role === 'agent' ? [] : ALL_IMAGES;
}

function countStars(pattern: string): number {
  return pattern.split('*').length - 1;
}

function listed(entries: readonly { readonly name: string }[]): string {
  return entries.length === 0 ? '' : ` (${entries.map(({ name }) => name).join(', ')})`;
}
