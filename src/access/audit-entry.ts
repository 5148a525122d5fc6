import type { AuditAction } from './audit-actions.ts';
import type { Principal } from './principal.ts';

/** Something that somebody did, or was not allowed to do. Entries are added and never changed. */
export type AuditEntry = {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The principal's name; null for callers that nobody knows. */
  readonly who: string | null;
  readonly role: Principal['role'] | null;
  readonly via: Principal['via'] | null;
  /** Where it was asked from; null for what the service does by itself. */
  readonly address: string | null;
  readonly action: AuditAction;
  /** What it was done to: an image or pattern, a push, a token's name. */
  readonly about: string | null;
  readonly outcome: AuditOutcome;
  /** Why it was not done. */
  readonly code: string | null;
  /** What else there is to know, such as what was asked for; never a secret. */
  readonly detail: Readonly<Record<string, unknown>> | null;
  /** How many times, where the same was folded into one entry. */
  readonly count: number;
  readonly requestId: string | null;
};

export const AUDIT_OUTCOMES = ['done', 'refused', 'failed'] as const;
/** `refused`: not allowed. `failed`: allowed, and it could not be done. */
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** An entry before it has its place in the log. */
export type NewAuditEntry = Pick<AuditEntry, 'action' | 'outcome'> & Partial<Omit<AuditEntry, 'id' | 'at'>>;

export type AuditFilter = {
  readonly who?: string;
  readonly action?: AuditAction;
  readonly about?: string;
  readonly outcome?: AuditOutcome;
  /** From this instant on, and before that one. */
  readonly since?: number;
  readonly until?: number;
};
