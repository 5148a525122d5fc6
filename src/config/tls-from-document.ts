import type { TlsFiles } from '../regions/world.ts';
import type { ConfigDocument } from './document-schema.ts';
import { toRules } from './oidc-from-document.ts';
import { findFilePath } from './secret-reference.ts';

export function toTlsFiles(
  { certificate, key, clientCa, revoked, clients }: NonNullable<ConfigDocument['tls']>,
  folder: string,
): TlsFiles {
  const path = (text: string) => findFilePath(text, folder) ?? '';
  return {
    certificate: path(certificate),
    key: path(key),
    ...(clientCa === undefined ? {} : { clientCa: path(clientCa) }),
    ...(revoked === undefined ? {} : { revoked: path(revoked) }),
    ...(clients === undefined ? {} : { clients: toRules(clients) }),
  };
}
