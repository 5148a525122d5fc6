import { type DocumentPath, type Mistake, quote } from './mistake.ts';
import { fieldsOf, type RawDocument } from './raw-document.ts';
import { findSuggestion } from './suggestion.ts';

/** Do the clusters and sites exist that rules for identity providers and client certificates name outright? */
export function checkOidc(raw: RawDocument): Mistake[] {
  const blocks: [DocumentPath, unknown][] = [...raw.oidc].map(([issuer, value]) => [
    ['access', 'oidc', issuer, 'rules'],
    fieldsOf(value).get('rules'),
  ]);
  return [...blocks, [['tls', 'clients'], raw.tls.get('clients')] as const].flatMap(([block, rules]) => {
    if (!Array.isArray(rules)) return [];
    return rules.flatMap((rule: unknown, index): Mistake[] =>
      (['cluster', 'site'] as const).flatMap((key) => {
        const named = fieldsOf(rule).get(key);
        const known = key === 'cluster' ? raw.clusters : raw.sites;
        if (typeof named !== 'string' || named.trim() === '' || named.includes('{') || known.has(named)) return [];
        const suggestion = findSuggestion(named, known.keys());
        const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
        const path = [...block, index, key];
        return [{ path, detail: `must be one of ${key}s (found ${quote(named)}${hint})` }];
      }),
    );
  });
}
