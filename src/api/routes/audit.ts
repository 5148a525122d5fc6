import { z } from '@hono/zod-openapi';
import type { AuditEntry, AuditFilter } from '../../access/audit-entry.ts';
import type { ApiServices } from '../api-services.ts';
import { mountOperation } from '../operation.ts';
import { presentAuditEntry } from '../present/present-audit.ts';
import { type ApiApp, openRequestSignal } from '../request-context.ts';
import { auditPageSchema, auditQuery } from '../schema/audit-schema.ts';
import { MAX_LIMIT } from '../schema/page-schema.ts';
import { textStream } from '../text-stream.ts';

/** Who did what, to what, from where, and how it ended. */
export function mountAudit(app: ApiApp, { audit, log }: Pick<ApiServices, 'audit' | 'log'>): void {
  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/audit',
      operationId: 'listAudit',
      permission: 'audit.read',
      tag: 'access',
      summary: 'Read the audit log, newest first',
      description:
        'Choices, tokens, pushes and what was done to them, minted credentials, failed logins (folded by address) and changes of the configuration between starts.',
      query: auditQuery,
      answers: {
        200: {
          description: 'A page of entries, or all as JSON lines',
          content: {
            'application/json': { schema: auditPageSchema },
            'application/jsonl': { schema: z.string().openapi({ description: 'An `AuditEntry` a line' }) },
          },
        },
      },
      failures: ['validation_failed'],
    },
    async (c, { query: { limit, cursor, format, ...wanted } }) => {
      const filter = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
      if (format === 'json') {
        const page = await audit.list(filter, { limit, ...(cursor === undefined ? {} : { cursor }) });
        return c.json({ items: page.items.map(presentAuditEntry), next: page.next });
      }
      const request = openRequestSignal(c);
      const requestId = c.get('requestId');
      const stream = textStream(lines(filter, cursor, request.signal), (error) => {
        request.release();
        if (error !== undefined) log.error({ event: 'audit_export_failed', requestId, error });
      });
      return c.newResponse(stream, { headers: { 'content-type': 'application/jsonl; charset=utf-8' } });
    },
  );

  async function* lines(filter: AuditFilter, cursor: string | undefined, signal: AbortSignal): AsyncGenerator<string> {
    const toLine = (entry: AuditEntry) => `${JSON.stringify(presentAuditEntry(entry))}\n`;
    for (let from = cursor; !signal.aborted; ) {
      const page = await audit.list(filter, { limit: MAX_LIMIT, ...(from === undefined ? {} : { cursor: from }) });
      if (page.items.length > 0) yield page.items.map(toLine).join('');
      if (page.next === null) return;
      from = page.next;
    }
  }
}
