import type { TokenRecord } from './token-record.ts';

/** What tokens need remembered. Each method is one transaction, durable when its promise resolves. */
export type TokenStore = {
  /** Those that are not revoked, expired ones included. */
  unrevokedTokens(): Promise<readonly TokenRecord[]>;
  /** Newest first; revoked and expired ones too. */
  listTokens(page: { limit: number; cursor?: string }): Promise<{ items: readonly TokenRecord[]; next: string | null }>;
  /** Revoked and expired ones too. */
  findTokenByHash(hash: string): Promise<TokenRecord | undefined>;
  /** Adds a token in the place of others, which are forgotten. */
  addToken(token: TokenRecord, replacing?: readonly string[]): Promise<void>;
  /** Returns the token as it is now; undefined when there is none. One that was revoked before stays as it was. */
  revokeToken(id: string, at: number): Promise<TokenRecord | undefined>;
  recordTokenUses(uses: readonly { readonly id: string; readonly at: number }[]): Promise<void>;
};
