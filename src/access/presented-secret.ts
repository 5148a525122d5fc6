/**
 * The secret in an `Authorization` header: a Bearer token, or the password of Basic, whose user name is for people
 * (RFC 6750, section 2.1; RFC 7617). Undefined where there is none.
 */
export function findPresentedSecret(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const [, scheme = '', credentials = ''] = /^(bearer|basic) +(\S+) *$/i.exec(authorization) ?? [];
  if (credentials === '') return undefined;
  return scheme.toLowerCase() === 'basic' ? findPassword(credentials) : credentials;
}

function findPassword(credentials: string): string | undefined {
  const text = Buffer.from(credentials, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 || colon === text.length - 1 ? undefined : text.slice(colon + 1);
}
