import { matchesPattern } from '../../kernel/pattern.ts';
import type { OidcIssuer, OidcRule, World } from '../../regions/world.ts';
import { ALL_IMAGES, type Principal } from '../principal.ts';
import { type Claims, claimTexts, fillPlaceholders } from './claims.ts';

const MAX_SUBJECT = 255;

/** Who the claims of a verified token stand for, by the first rule that fits; undefined where none does. */
export function principalFromClaims(
  claims: Claims,
  { name, rules }: Pick<OidcIssuer, 'name' | 'rules'>,
  world: Pick<World, 'clusters' | 'sites'>,
): Principal | undefined {
  const { sub } = claims;
  // OpenID Connect Core 1.0, section 2: at most 255 ASCII characters. It becomes a name in logs and in the history.
  if (typeof sub !== 'string' || sub.length > MAX_SUBJECT || !/^[\x20-\x7e]+$/.test(sub)) return undefined;
  for (const rule of rules) {
    const scope = fits(rule, claims) ? findScope(rule, claims, world) : undefined;
    // With its colon it is the name of no token of ours.
    if (scope !== undefined) return { name: `${name}:${sub}`, role: rule.role, ...scope, via: 'oidc' };
  }
  return undefined;
}

function fits({ when }: OidcRule, claims: Claims): boolean {
  return when.every(({ claim, patterns }) =>
    claimTexts(claims, claim).some((text) => patterns.some((pattern) => matchesPattern(pattern, text))),
  );
}

/** What a rule grants to these claims; nothing where a claim that it needs is missing or names what is not there. */
function findScope(
  { role, images, cluster, site }: OidcRule,
  claims: Claims,
  world: Pick<World, 'clusters' | 'sites'>,
): Pick<Principal, 'images' | 'cluster' | 'site'> | undefined {
  const patterns = images?.map((pattern) => fillPlaceholders(pattern, claims));
  const filled = patterns?.filter((pattern) => pattern !== undefined);
  if (filled?.length !== patterns?.length) return undefined;
  const scope = { images: filled ?? (role === 'agent' ? [] : ALL_IMAGES) };
  if (role === 'cluster') {
    const named = world.clusters.find((entry) => entry.name === fillPlaceholders(cluster ?? '', claims));
    return named === undefined ? undefined : { ...scope, cluster: named.name };
  }
  if (role === 'agent') {
    const named = world.sites.find((entry) => entry.name === fillPlaceholders(site ?? '', claims));
    return named === undefined ? undefined : { ...scope, site: named.name };
  }
  return scope;
}
