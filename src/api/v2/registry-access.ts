import type { IncomingMessage } from 'node:http';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { RegistryAnswer } from './registry-answer.ts';

/** An access as token scopes spell it: `repository:NAME:pull,push`. */
export type RegistryScope = {
  readonly repository: RepositoryName;
  readonly actions: readonly ('pull' | 'push' | 'delete')[];
};

export type AccessRequest = {
  readonly request: IncomingMessage;
  /** What the operation needs; undefined for the ping, which needs no more than to be known. */
  readonly required: RegistryScope | undefined;
  /** What would help: reading the repository that a blob is mounted from. Without it the operation goes on, as an ordinary upload. */
  readonly wished?: RegistryScope;
};

/** `wish` says whether the wished scope is granted as well; `refused` is the whole answer, a 401 with its challenge or a 403. */
export type AccessVerdict =
  | { readonly kind: 'granted'; readonly wish: boolean }
  | { readonly kind: 'refused'; readonly answer: RegistryAnswer };

/** Decides who may do what. Asked once for each request, before anything else is looked at. */
export type RegistryAccess = {
  check(request: AccessRequest): Promise<AccessVerdict>;
  /** Answers `/v2/token`, where there are tokens to be had. */
  issue?(request: IncomingMessage, query: URLSearchParams): Promise<RegistryAnswer>;
};

/** Everyone may do everything. */
export const openAccess: RegistryAccess = { check: async () => ({ kind: 'granted', wish: true }) };

export function formatScope(scope: RegistryScope): string {
  return `repository:${scope.repository}:${scope.actions.join(',')}`;
}
