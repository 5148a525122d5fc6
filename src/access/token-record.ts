import { ALL_IMAGES, type Principal, type Role } from './principal.ts';

/** A token as it is kept: all but its secret. Instants are milliseconds since the epoch. */
export type TokenRecord = {
  readonly id: string;
  /** What the history calls its bearer; no two tokens that still hold share one. */
  readonly name: string;
  readonly hash: string;
  readonly role: Role;
  readonly images: readonly string[];
  readonly cluster: string | null;
  readonly site: string | null;
  /** Made by a call; or the administrator's first one: from `ENTREPOT_ADMIN_TOKEN`, or from the file `admin-token`. */
  readonly origin: 'api' | 'preset' | 'file';
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number | null;
  /** To the minute or so. */
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
};

export function holdsAt({ revokedAt, expiresAt }: TokenRecord, nowMs: number): boolean {
  return revokedAt === null && (expiresAt === null || nowMs < expiresAt);
}

export function toPrincipal(token: TokenRecord): Principal {
  const { name, role, images, cluster, site, origin } = token;
  return {
    name,
    role,
    images: role === 'admin' ? ALL_IMAGES : images,
    ...(cluster === null ? {} : { cluster }),
    ...(site === null ? {} : { site }),
    via: origin === 'api' ? 'token' : 'admin-token',
  };
}
