import type { AuditEntry, AuditFilter } from './audit-entry.ts';

/** What the audit log needs remembered. Each method is one transaction, durable when its promise resolves. */
export type AuditStore = {
  appendEntries(entries: readonly AuditEntry[]): Promise<void>;
  /** Newest first. */
  listEntries(
    filter: AuditFilter,
    page: { limit: number; cursor?: string },
  ): Promise<{ items: readonly AuditEntry[]; next: string | null }>;
  /** The configuration of the last start, as it was remembered. */
  lastConfiguration(): Promise<unknown>;
  rememberConfiguration(configuration: unknown): Promise<void>;
};
