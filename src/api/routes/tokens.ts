import { z } from '@hono/zod-openapi';
import type { ApiServices } from '../api-services.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { presentToken } from '../present/present-token.ts';
import type { ApiApp } from '../request-context.ts';
import { pageQuery } from '../schema/page-schema.ts';
import {
  type CreatedToken,
  createdTokenSchema,
  newTokenSchema,
  tokenPageSchema,
  tokenParams,
  tokenSchema,
} from '../schema/token-schema.ts';

/** What callers are known by. */
export function mountTokens(app: ApiApp, { tokens, clock }: Pick<ApiServices, 'tokens' | 'clock'>): void {
  mountOperation(
    app,
    {
      method: 'post',
      path: '/v1/tokens',
      operationId: 'createToken',
      permission: 'token.manage',
      audit: 'token.create',
      tag: 'access',
      summary: 'Make a token',
      description: 'The answer holds it this once; only a hash of it is kept.',
      body: newTokenSchema,
      answers: { 201: jsonAnswer('The token', createdTokenSchema) },
      failures: ['validation_failed', 'token_exists'],
    },
    async (c, { body: { expiresIn, expiresAt, images, cluster, site, ...same } }, caller) => {
      const nowMs = clock.nowMs();
      const end = expiresIn === undefined ? expiresAt && Date.parse(expiresAt) : nowMs + expiresIn;
      const { token, secret } = await tokens.create(
        {
          ...same,
          ...(images === undefined ? {} : { images }),
          ...(cluster === undefined ? {} : { cluster }),
          ...(site === undefined ? {} : { site }),
          ...(end === undefined || end === '' ? {} : { expiresAt: end }),
        },
        caller.name,
      );
      const answer: CreatedToken = { ...presentToken(token, nowMs), token: secret.reveal() };
      return c.json(answer, 201, { location: `/v1/tokens/${token.id}`, 'cache-control': 'no-store' });
    },
  );

  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/tokens',
      operationId: 'listTokens',
      permission: 'token.manage',
      tag: 'access',
      summary: 'List tokens, newest first, those that hold no more included',
      query: z.strictObject(pageQuery),
      answers: { 200: jsonAnswer('A page of tokens', tokenPageSchema) },
      failures: ['validation_failed'],
    },
    async (c, { query: { limit, cursor } }) => {
      const page = await tokens.list({ limit, ...(cursor === undefined ? {} : { cursor }) });
      const nowMs = clock.nowMs();
      return c.json({ items: page.items.map((token) => presentToken(token, nowMs)), next: page.next });
    },
  );

  mountOperation(
    app,
    {
      method: 'delete',
      path: '/v1/tokens/{id}',
      operationId: 'revokeToken',
      permission: 'token.manage',
      audit: 'token.revoke',
      tag: 'access',
      summary: 'Revoke a token: from the next request on it stands for nobody',
      params: tokenParams,
      answers: { 200: jsonAnswer('The token', tokenSchema) },
      failures: ['token_unknown'],
    },
    async (c, { params: { id } }) => {
      const token = await tokens.revoke(id);
      c.set('about', token.name);
      return c.json(presentToken(token, clock.nowMs()));
    },
  );
}
