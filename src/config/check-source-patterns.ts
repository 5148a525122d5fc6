import type { Mistake } from './mistake.ts';
import type { RawDocument } from './raw-document.ts';

/** A source named by a pattern has the same `*` in its address; one that is written out has none. */
export function checkSourcePatterns(raw: RawDocument): Mistake[] {
  return [...raw.sources].flatMap(([key, fields]): Mistake[] => {
    const url = fields.get('url');
    const host = typeof url === 'string' ? URL.parse(url)?.host : undefined;
    if (host === undefined) return [];
    const path = ['sources', key, 'url'];
    if (!key.includes('*'))
      return host.includes('*') ? [{ path, detail: 'has a *, which its key has not: it would lead nowhere' }] : [];
    if (/^[^*]*\*[^.*]*(\.[^.*]+)+$/.test(host)) return [];
    return [{ path, detail: `must have one * for that of ${key}, with a domain of your own behind it` }];
  });
}
