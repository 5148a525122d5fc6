import type { SourceEntry } from './world.ts';

/** What a pattern's `*` may stand for: labels of a host name, so that neither port nor path can come of it. */
const MATCHED = '[A-Za-z0-9](?:[A-Za-z0-9.-]{0,200}[A-Za-z0-9])?';

/**
 * The source that is written out under this key, else what a pattern makes of it: `a.bj.example` by `*.bj.example`.
 * Of several patterns that fit the one with the longest text before its `*` counts, then the longest.
 */
export function findSource(sources: readonly SourceEntry[], key: string): SourceEntry | undefined {
  const written = sources.find((each) => each.key === key);
  if (written !== undefined) return written.key.includes('*') ? undefined : written;
  const fitting = sources.flatMap((entry) => {
    const matched = entry.key.includes('*') ? findMatched(entry.key, key) : undefined;
    return matched === undefined ? [] : [{ entry, matched }];
  });
  fitting.sort(({ entry: one }, { entry: other }) => rank(other.key) - rank(one.key));
  const [best] = fitting;
  return best === undefined ? undefined : fillIn(best.entry, key, best.matched);
}

/** A name that leads where nobody looked at it: the address behind it has to be. */
function fillIn(entry: SourceEntry, key: string, matched: string): SourceEntry | undefined {
  const url = URL.parse(entry.url.replace('*', matched));
  return url === null ? undefined : { ...entry, key, url: url.origin, matched: true, pattern: entry.key };
}

function findMatched(pattern: string, key: string): string | undefined {
  const [before = '', after = ''] = pattern.split('*').map((text) => text.replaceAll(/[.-]/g, '\\$&'));
  return new RegExp(`^${before}(${MATCHED})${after}$`, 'i').exec(key)?.[1]?.toLowerCase();
}

function rank(pattern: string): number {
  return pattern.indexOf('*') * 1_000 + pattern.length;
}
