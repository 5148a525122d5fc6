import type { AuditEntry } from '../../access/audit-entry.ts';
import { toTimestamp } from '../../kernel/clock.ts';
import type { AuditAnswer } from '../schema/audit-schema.ts';

export function presentAuditEntry({ at, detail, ...same }: AuditEntry): AuditAnswer {
  return { ...same, at: toTimestamp(at), detail: detail === null ? null : { ...detail } };
}
