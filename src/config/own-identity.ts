import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { ClientIdentity } from '../kernel/client-identity.ts';
import { Failure, toFailure } from '../kernel/failure.ts';
import { parseCertificates } from '../kernel/pem-certificates.ts';
import { Secret } from '../kernel/secret.ts';
import type { Environment } from './environment.ts';

/** What the files of `ENTREPOT_CLIENT_CERT` and `ENTREPOT_CLIENT_KEY` hold. Throws `config_invalid` when they cannot be used. */
export function readOwnIdentity(files: Environment['clientCertificate']): ClientIdentity | undefined {
  if (files === undefined) return undefined;
  const { certPath, keyPath } = files;
  try {
    const cert = readFileSync(certPath, 'utf8');
    const key = readFileSync(keyPath, 'utf8');
    parseCertificates(cert);
    // Throws where one is not the other's.
    createSecureContext({ cert, key });
    return { cert, key: new Secret(key) };
  } catch (cause) {
    const detail = `ENTREPOT_CLIENT_CERT: ${certPath} with the key ${keyPath} cannot be used: ${toFailure(cause).message}`;
    throw new Failure('config_invalid', detail, { cause });
  }
}
