import { z } from 'zod';
import { text } from './answer-fields.ts';
import { listItems, read } from './api-calls.ts';
import type { ApiClient } from './api-client.ts';
import { enAccess as words } from './texts/en-access.ts';

export const tokenSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  role: z.string(),
  images: z.array(z.string()),
  cluster: text,
  site: text,
  state: z.string(),
  expiresAt: text,
  lastUsedAt: text,
});

export type Token = z.output<typeof tokenSchema>;

/** Every token, newest first. */
export function listTokens(client: ApiClient): Promise<readonly Token[]> {
  return listItems(client, tokenSchema, { path: '/v1/tokens' });
}

export async function createToken(client: ApiClient, json: unknown): Promise<Token & { readonly token: string }> {
  const answer = await client.request({ method: 'POST', path: '/v1/tokens', json });
  return read(tokenSchema.extend({ token: z.string() }), answer);
}

export async function revokeToken(client: ApiClient, id: string): Promise<Token> {
  return read(tokenSchema, await client.request({ method: 'DELETE', path: `/v1/tokens/${encodeURIComponent(id)}` }));
}

/** What a token has to do with, for people. */
export function describeTokenReach({ role, images, cluster, site }: Token): string {
  const isBounded = images.length > 0 && !images.includes('*');
  return [
    ...(cluster === null ? [] : [words.reach.cluster(cluster)]),
    ...(site === null ? [] : [words.reach.site(site)]),
    ...(isBounded || role === 'ci' ? [words.reach.images(images)] : []),
  ].join(', ');
}
