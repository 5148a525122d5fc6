import { findEcrRegion } from './ecr-host.ts';
import { type Mistake, quote } from './mistake.ts';
import { fieldsOf, type RawDocument, type RawFields } from './raw-document.ts';
import { findSuggestion } from './suggestion.ts';

/** What a registry's keys say about each other and about the sites. */
export function checkRegistries(raw: RawDocument): Mistake[] {
  const mistakes: Mistake[] = [];
  for (const [name, fields] of raw.registries) {
    mistakes.push(...checkRegion(name, fields), ...checkEcrKeys(name, fields));
    for (const site of fieldsOf(fields.get('addresses')).keys()) {
      if (raw.sites.has(site)) continue;
      const suggestion = findSuggestion(site, raw.sites.keys());
      const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
      const path = ['registries', name, 'addresses', site];
      mistakes.push({ path, detail: `must be keyed by one of sites (found ${quote(site)}${hint})`, at: 'key' });
    }
  }
  return mistakes;
}

/** What only ECR knows must not look as if it did something elsewhere. */
function checkEcrKeys(name: string, fields: RawFields): Mistake[] {
  if (fields.get('kind') === 'ecr' || !fields.has('kind')) return [];
  return ['repository', 'blobMounting', 'rates']
    .filter((key) => fields.has(key))
    .map((key) => ({
      path: ['registries', name, key],
      detail: 'is of use to registries of kind ecr only, and this is not one',
      at: 'key' as const,
    }));
}

/** Every registry has a region; ECR's own hosts tell theirs, and then a written one must not say another. */
function checkRegion(name: string, fields: RawFields): Mistake[] {
  if (fields.size === 0) return [];
  const path = ['registries', name, 'region'];
  const url = fields.get('url');
  const told = typeof url === 'string' && fields.get('kind') === 'ecr' ? findEcrRegion(url) : undefined;
  const region = fields.get('region');
  if (region === undefined && told === undefined) {
    const isEcr = fields.get('kind') === 'ecr' && url !== undefined;
    return [
      {
        path,
        detail: isEcr ? "is missing, and the url's host is not one of ECR's that would tell it" : 'is missing',
        at: 'key',
      },
    ];
  }
  if (typeof region !== 'string' || told === undefined || region === told) return [];
  return [{ path, detail: `must be ${told}, as the url's host says (found ${quote(region)})` }];
}
