import type { Credentials } from './credentials.ts';

/** The header of user name and password. Source: RFC 7617. */
export function basicAuthorization(credentials: Extract<Credentials, { kind: 'basic' }>): string {
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password.reveal()}`).toString('base64')}`;
}
