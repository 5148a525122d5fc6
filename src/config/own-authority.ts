import { readFileSync } from 'node:fs';
import { Failure, toFailure } from '../kernel/failure.ts';
import { parseCertificates } from '../kernel/pem-certificates.ts';
import type { Environment } from './environment.ts';

/** The PEM text of `ENTREPOT_CA`. Throws `config_invalid` when it cannot be used. */
export function readOwnAuthority({ caPath }: Pick<Environment, 'caPath'>): string | undefined {
  if (caPath === undefined) return undefined;
  try {
    const text = readFileSync(caPath, 'utf8');
    parseCertificates(text);
    return text;
  } catch (cause) {
    const detail = `ENTREPOT_CA: ${caPath} cannot be used: ${toFailure(cause).message}`;
    throw new Failure('config_invalid', detail, { cause });
  }
}
