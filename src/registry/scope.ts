import type { RepositoryName } from '../oci/repository-name.ts';

/**
 * What a request needs the right to, as token servers write it: `repository:team/app:pull,push`.
 * Source: distribution, docs/content/spec/auth/scope.md.
 */
export type Scope = string;

export function pullScope(repository: RepositoryName): Scope {
  return `repository:${repository}:pull`;
}

export function pushScope(repository: RepositoryName): Scope {
  return `repository:${repository}:pull,push`;
}

export function deleteScope(repository: RepositoryName): Scope {
  return `repository:${repository}:delete`;
}

/** Scopes of a challenge: separated by spaces; each is kept as it is, since resource names may hold colons. */
export function parseScopes(text: string | undefined): Scope[] {
  return (text ?? '').split(/\s+/).filter((scope) => scope !== '');
}

/** Both lists as one, in order, each scope once. */
export function joinScopes(...lists: readonly (readonly Scope[])[]): Scope[] {
  return [...new Set(lists.flat())].sort();
}

/** Do the scopes held give everything that is wanted? Actions are the text after the last colon. */
export function coversScopes(held: readonly Scope[], wanted: readonly Scope[]): boolean {
  return wanted.every((scope) => {
    const { resource, actions } = splitScope(scope);
    return held.some((candidate) => {
      const other = splitScope(candidate);
      return other.resource === resource && actions.every((action) => other.actions.includes(action));
    });
  });
}

function splitScope(scope: Scope): { resource: string; actions: string[] } {
  const colon = scope.lastIndexOf(':');
  return { resource: scope.slice(0, colon), actions: scope.slice(colon + 1).split(',') };
}
