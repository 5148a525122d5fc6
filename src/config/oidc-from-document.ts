import { parseDuration } from '../kernel/duration.ts';
import type { OidcIssuer, OidcRule } from '../regions/world.ts';
import type { ConfigDocument } from './document-schema.ts';
import { isLoopbackHost } from './listen-address.ts';
import { findFilePath } from './secret-reference.ts';

export function toOidcIssuers(oidc: ConfigDocument['access']['oidc'], folder: string): OidcIssuer[] {
  return Object.entries(oidc).map(([name, entry]) => {
    const { issuer, audience, keys, rules } = entry;
    const ca = entry.ca === undefined ? undefined : findFilePath(entry.ca, folder);
    const keyFile = keys === undefined ? undefined : findFilePath(keys, folder);
    return {
      name,
      issuer,
      audiences: [audience].flat(),
      keys:
        keyFile !== undefined
          ? { from: 'file', path: keyFile }
          : keys === undefined
            ? { from: 'discovery' }
            : { from: 'url', url: keys },
      ...(ca === undefined ? {} : { ca }),
      internal: entry.internal || isLoopbackHost(new URL(issuer).hostname),
      clockSkewMs: parseDuration(entry.clockSkew),
      rules: toRules(rules),
    };
  });
}

export function toRules(rules: ConfigDocument['access']['oidc'][string]['rules']): OidcRule[] {
  return rules.map(({ when, ...rule }) => ({
    ...rule,
    when: Object.entries(when).map(([claim, wanted]) => ({ claim, patterns: [wanted].flat() })),
  }));
}
