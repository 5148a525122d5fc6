/** What a token says, once its signature is known to be good. */
export type Claims = Readonly<Record<string, unknown>>;

const PLACEHOLDER = /\{([^{}]*)\}/g;

/**
 * The values of a claim as texts: of a list each, of what is neither text, number nor truth none. A path goes into
 * claims within claims, `kubernetes.io.namespace`; names that hold dots themselves are found as well.
 */
export function claimTexts(claims: Claims, path: string): string[] {
  return [findClaim(claims, path)].flat().flatMap((value: unknown) => {
    if (typeof value === 'string') return [value];
    return typeof value === 'number' || typeof value === 'boolean' ? [String(value)] : [];
  });
}

function findClaim(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const outer = path.slice(0, dot);
    const inner: unknown = Object.hasOwn(claims, outer) ? claims[outer] : undefined;
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) {
      const found = findClaim(inner as Claims, path.slice(dot + 1));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/**
 * A text with each `{claim}` in its place, in lower case as image names are. Undefined where a claim is missing, has
 * several values, or holds anything but the characters of a name: a `*` in it would widen what the rule grants.
 */
export function fillPlaceholders(text: string, claims: Claims): string | undefined {
  let isFilled = true;
  const filled = text.replace(PLACEHOLDER, (_, path: string) => {
    const [value = '', ...more] = claimTexts(claims, path);
    if (more.length > 0 || !NAME_TEXT.test(value)) isFilled = false;
    return value.toLowerCase();
  });
  return isFilled ? filled : undefined;
}

const NAME_TEXT = /^[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*(?:\/[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*)*$/;
