import { type DocumentPath, type Mistake, quote } from './mistake.ts';
import type { RawDocument, RawFields } from './raw-document.ts';
import { findSuggestion } from './suggestion.ts';

/** Does what one block names exist in the other, and can it do what is asked of it? */
export function checkReferences(raw: RawDocument): Mistake[] {
  return [
    ...checkSites(raw),
    ...checkClusters(raw),
    ...checkChoices(raw),
    ...checkStandby(raw),
    ...checkFollow(raw),
    ...checkSchedules(raw),
    ...checkRegistryCount(raw),
  ];
}

function checkRegistryCount(raw: RawDocument): Mistake[] {
  return raw.registries.size > 0
    ? []
    : [{ path: ['registries'], detail: 'must name at least one registry', at: 'key' }];
}

function checkSites(raw: RawDocument): Mistake[] {
  // What is neither true nor false is the schema's to report; it was meant to be one of them.
  const services = [...raw.sites]
    .filter(([, fields]) => (fields.get('service') ?? false) !== false)
    .map(([name]) => name);
  if (services.length === 0) {
    return [{ path: ['sites'], detail: 'must have one site with service: true, where this service runs', at: 'key' }];
  }
  const [first, ...others] = services;
  return others.map((name) => ({
    path: ['sites', name, 'service'],
    detail: `must be true at one site only, and it is at ${first} already`,
  }));
}

function checkClusters(raw: RawDocument): Mistake[] {
  const hasHome = [...raw.registries.values()].some(
    (fields) => fields.get('role') !== 'relay' && fields.get('enabled') !== false,
  );
  return [...raw.clusters].flatMap(([name, fields]): Mistake[] => {
    const mistakes: Mistake[] = [];
    const site = fields.get('site');
    if (typeof site === 'string' && raw.sites.size > 0 && !raw.sites.has(site)) {
      mistakes.push({
        path: ['clusters', name, 'site'],
        detail: `must be one of sites (${describeFound(site, raw.sites.keys())})`,
      });
    }
    if (fields.get('pulls') === 'home' && raw.registries.size > 0 && !hasHome) {
      mistakes.push({ path: ['clusters', name, 'pulls'], detail: 'is home, but no enabled registry has role: home' });
    }
    return mistakes;
  });
}

function checkChoices(raw: RawDocument): Mistake[] {
  return [...raw.choices].flatMap(([pattern, name]) => checkRelay(raw, ['choices', pattern], name));
}

function checkStandby(raw: RawDocument): Mistake[] {
  return [...raw.standby].flatMap(([pattern, names]) => {
    if (!Array.isArray(names)) return [];
    return names.flatMap((name: unknown, index): Mistake[] => {
      const path = ['standby', pattern, index];
      const isRepeated = typeof name === 'string' && names.indexOf(name) < index;
      return isRepeated ? [{ path, detail: `is named twice (${quote(name)})` }] : checkRelay(raw, path, name);
    });
  });
}

function checkFollow(raw: RawDocument): Mistake[] {
  return [...raw.follow].flatMap(([pattern, site]): Mistake[] => {
    const path = ['recommendation', 'follow', pattern];
    if (typeof site !== 'string' || site.trim() === '' || raw.sites.size === 0 || raw.sites.has(site)) return [];
    return [{ path, detail: `must be one of sites (${describeFound(site, raw.sites.keys())})` }];
  });
}

function checkSchedules(raw: RawDocument): Mistake[] {
  return [...raw.schedules].flatMap(([schedule, fields]) => {
    const path = ['measuring', 'schedules', schedule];
    const registries = checkNamesIn([...path, 'registries'], fields.get('registries'), raw.registries, (name) =>
      raw.registries.get(name)?.get('enabled') === false
        ? `must be an enabled registry, and ${name} has enabled: false`
        : undefined,
    );
    const sites = checkNamesIn([...path, 'sites'], fields.get('sites'), raw.sites, (name) =>
      raw.sites.get(name)?.get('service') === true
        ? `must be a site with an agent, and the service itself is at ${name}`
        : undefined,
    );
    return [...registries, ...sites, ...checkSiteLegs(path, fields)];
  });
}

/** Sites of a schedule that takes no downloads would be waited for by nobody. */
function checkSiteLegs(path: DocumentPath, fields: RawFields): Mistake[] {
  const [sites, legs] = [fields.get('sites'), fields.get('legs')];
  if (sites === undefined || (Array.isArray(legs) && legs.includes('download'))) return [];
  return [{ path: [...path, 'sites'], detail: 'are where downloads are taken: legs must name download', at: 'key' }];
}

/** Is everything in a list among `known`, without what `findFault` has against it, and named once? */
function checkNamesIn(
  path: DocumentPath,
  names: unknown,
  known: ReadonlyMap<string, RawFields>,
  findFault: (name: string) => string | undefined,
): Mistake[] {
  if (!Array.isArray(names) || known.size === 0) return [];
  return names.flatMap((name: unknown, index): Mistake[] => {
    if (typeof name !== 'string' || name.trim() === '') return [];
    const at = [...path, index];
    const detail = known.has(name)
      ? (findFault(name) ?? (names.indexOf(name) < index ? `is named twice (${quote(name)})` : undefined))
      : `must be one of ${path.at(-1)} (${describeFound(name, known.keys())})`;
    return detail === undefined ? [] : [{ path: at, detail }];
  });
}

/** An image is chosen to, and held in standby at, enabled relay registries: the home registry has every image anyway. */
function checkRelay(raw: RawDocument, path: DocumentPath, name: unknown): Mistake[] {
  if (typeof name !== 'string' || name.trim() === '' || raw.registries.size === 0) return [];
  const registry = raw.registries.get(name);
  if (registry === undefined) {
    const relays = [...raw.registries].filter(([, fields]) => fields.get('role') === 'relay').map(([relay]) => relay);
    return [{ path, detail: `must be one of registries (${describeFound(name, relays)})` }];
  }
  if (registry.get('role') === 'home') {
    return [{ path, detail: `must be a relay registry, and ${name} has role: home` }];
  }
  if (registry.get('enabled') === false) {
    return [{ path, detail: `must be an enabled registry, and ${name} has enabled: false` }];
  }
  return [];
}

function describeFound(name: string, candidates: Iterable<string>): string {
  const suggestion = findSuggestion(name, candidates);
  return `found ${quote(name)}${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}`;
}
