import { PERMISSIONS, type Permission, type Reach } from './permissions.ts';
import { ROLES } from './principal.ts';

const WORDS: Readonly<Record<Reach, string>> = {
  none: '',
  any: '',
  images: ' (its images)',
  cluster: ' (its cluster)',
  site: ' (its site)',
};

/** Who has a permission, as a list for people: `ci (its images), ops, admin`. */
export function describeReach(permission: Permission): string {
  const row = PERMISSIONS[permission];
  const parts = ROLES.flatMap((role) => {
    const reach: Reach = role === 'admin' ? 'any' : row[role];
    return reach === 'none' ? [] : [`${role}${WORDS[reach]}`];
  });
  const hasAnonymous = (row.anonymous as Reach) !== 'none';
  return [...parts, ...(hasAnonymous ? ['callers without a token where they are let in'] : [])].join(', ');
}
