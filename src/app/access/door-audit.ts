import type { AuditTrail } from '../../access/audit-trail.ts';
import type { RequestIds } from '../../api/request-ids.ts';
import type { RegistryChange } from '../../api/v2/registry-settings.ts';
import type { DoorIdentities } from './door-identities.ts';

/** Has the audit log know what was pushed to the OCI door and deleted there, or was not allowed to be. */
export function doorAudit(
  trail: AuditTrail,
  door: DoorIdentities,
  ids: RequestIds,
): (change: RegistryChange) => Promise<void> {
  return async ({ request, action, repository, reference, status }) => {
    const principal = await door.findPrincipal(request);
    const outcome = status < 400 ? 'done' : status === 403 ? 'refused' : 'failed';
    const entry = {
      action: action === 'push' ? 'door.push' : 'door.delete',
      outcome,
      code: outcome === 'done' ? null : outcome === 'refused' ? 'forbidden' : `status ${status}`,
      who: principal?.name ?? null,
      role: principal?.role ?? null,
      via: principal?.via ?? null,
      address: door.addressOf(request),
      about: repository,
      requestId: ids.of(request),
      detail: reference === null ? null : { reference },
    } as const;
    // The push or delete is done: it is not undone because the log is not written, which is told already.
    await trail.record(entry).catch(() => {});
  };
}
