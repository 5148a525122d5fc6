import type { RegistryAccess } from '../../src/api/v2/registry-access.ts';
import { refuse } from '../../src/api/v2/registry-answer.ts';

export type BasicAuth = { readonly kind: 'basic'; readonly username: string; readonly password: string };

/** One user, who may do everything, by Basic authentication on each request. */
export function openBasicAccess(auth: BasicAuth): RegistryAccess {
  const expected = `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
  return {
    check: async ({ request }) =>
      request.headers.authorization === expected
        ? { kind: 'granted', wish: true }
        : {
            kind: 'refused',
            answer: refuse('UNAUTHORIZED', 'no or wrong credentials', {
              headers: { 'www-authenticate': 'Basic realm="test registry"' },
            }),
          },
  };
}
