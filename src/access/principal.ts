/**
 * What a caller is there for. `ci` pushes its images and watches them, `ops` measures, chooses and sees everything,
 * `cluster` resolves and pulls, `agent` keeps a site's copy of the answers and measures there, `admin` may do all.
 */
export type Role = 'ci' | 'ops' | 'cluster' | 'agent' | 'admin';

export const ROLES: readonly Role[] = ['ci', 'ops', 'cluster', 'agent', 'admin'];

/** How a caller can become known. */
export const CALLER_WAYS = ['token', 'oidc', 'certificate', 'admin-token', 'anonymous'] as const;

/** Who is calling, once it is known. */
export type Principal = {
  /** What the history calls it. */
  readonly name: string;
  readonly role: Role;
  /** Patterns of the image names it has to do with, such as `team/*`; none for no image at all. */
  readonly images: readonly string[];
  /** The one cluster that a principal of role `cluster` speaks for. */
  readonly cluster?: string;
  /** The one site that a principal of role `agent` works at. */
  readonly site?: string;
  /** How it became known. */
  readonly via: (typeof CALLER_WAYS)[number];
};

export const ALL_IMAGES: readonly string[] = ['*'];
