import { matchesPattern } from '../kernel/pattern.ts';
import { PERMISSIONS, type Permission, type Reach } from './permissions.ts';
import type { Principal } from './principal.ts';

/** What an operation is about. Names are those under which things are stored, never as a caller spelt them. */
export type Subject = {
  /** All of them have to be the principal's: image names, or patterns that stand for names. */
  readonly images?: readonly string[];
  readonly cluster?: string;
  readonly site?: string;
  /** A list whose items are those that the principal's patterns match: the operation leaves out the others itself. */
  readonly isFiltered?: true;
};

/** How far a principal reaches with a permission. */
export function reachOf(principal: Pick<Principal, 'role' | 'via'>, permission: Permission): Reach {
  if (principal.via === 'anonymous') return PERMISSIONS[permission].anonymous;
  return principal.role === 'admin' ? 'any' : PERMISSIONS[permission][principal.role];
}

/**
 * Why the principal may not do this with that, as a sentence; undefined when it may. A subject that does not say what
 * a limited reach needs to know is refused.
 */
export function findRefusal(principal: Principal, permission: Permission, subject: Subject = {}): string | undefined {
  const { does } = PERMISSIONS[permission];
  switch (reachOf(principal, permission)) {
    case 'any':
      return undefined;
    case 'none':
      return principal.via === 'anonymous'
        ? `Nobody may ${does} without a token`
        : `${principal.name} may not ${does}: its role is ${principal.role}`;
    case 'images':
      return subject.isFiltered === true ? undefined : refuseImages(principal, does, subject.images);
    case 'cluster':
      if (principal.cluster === undefined || subject.cluster !== principal.cluster)
        return refuseBeyond(principal, does, `cluster ${principal.cluster ?? ''}`, subject.cluster);
      return subject.images === undefined ? undefined : refuseImages(principal, does, subject.images);
    case 'site':
      if (principal.site !== undefined && subject.site === principal.site) return undefined;
      return refuseBeyond(principal, does, `site ${principal.site ?? ''}`, subject.site);
  }
}

/**
 * Is the image one of the principal's? A pattern is when everything that it matches is: read as text, its stars can
 * only be met by stars of the principal's own.
 */
export function isImageOf({ images }: Pick<Principal, 'images'>, image: string): boolean {
  return images.some((pattern) => matchesPattern(pattern, image));
}

function refuseImages(principal: Principal, does: string, images: readonly string[] = []): string | undefined {
  const foreign = images.find((image) => !isImageOf(principal, image));
  if (images.length > 0 && foreign === undefined) return undefined;
  const own = principal.images.length === 0 ? 'no image' : `images that match ${principal.images.join(', ')}`;
  return refuseBeyond(principal, does, own, foreign);
}

function refuseBeyond({ name }: Principal, does: string, own: string, foreign: string | undefined): string {
  return `${name} may ${does} for ${own} only${foreign === undefined ? '' : `, not for ${foreign}`}`;
}
