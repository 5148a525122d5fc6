import { Failure } from '../kernel/failure.ts';
import type { World } from '../regions/world.ts';

/** The site that is meant: the one that is named or, where that says it, the only one whose clusters pull by choice. */
export function getPullingSite(
  { clusters, sites }: Pick<World, 'clusters' | 'sites'>,
  named: string | undefined,
): string {
  if (named !== undefined) {
    if (sites.some(({ name }) => name === named)) return named;
    throw unclear(named, `is not one of the configured sites (${sites.map(({ name }) => name).join(', ')})`);
  }
  const pulling = [...new Set(clusters.filter(({ pulls }) => pulls === 'choice').map(({ site }) => site))];
  const [only] = pulling;
  if (only !== undefined && pulling.length === 1) return only;
  throw unclear('', `must be named: clusters of ${pulling.length} sites pull by choice`);
}

function unclear(site: string, detail: string): Failure {
  const message = `The site ${site === '' ? '' : `${site} `}${detail}`;
  return new Failure('validation_failed', message, { errors: [{ path: 'site', detail }] });
}
