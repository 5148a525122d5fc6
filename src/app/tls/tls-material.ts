import type { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { hasSameLists, type TlsMaterial } from '../../api/listen-tls.ts';
import { toFailure } from '../../kernel/failure.ts';
import { endOfCertificates, parseCertificates } from '../../kernel/pem-certificates.ts';
import type { TlsFiles } from '../../regions/world.ts';

export type LoadedTls = {
  readonly material: TlsMaterial;
  /** The one of the service itself. */
  readonly certificate: X509Certificate;
  /** When it ends, or an intermediate one that is sent with it does. */
  readonly expiresAtMs: number;
};

export function readTlsMaterial({ certificate, key, clientCa, revoked }: TlsFiles): TlsMaterial {
  return {
    cert: readFileSync(certificate, 'utf8'),
    key: readFileSync(key, 'utf8'),
    ...(clientCa === undefined ? {} : { clientCa: readFileSync(clientCa, 'utf8') }),
    ...(revoked === undefined ? {} : { revoked: splitLists(readFileSync(revoked, 'utf8')) }),
  };
}

/** Throws where certificate and key are none, or none of each other. */
export function loadTls(material: TlsMaterial): LoadedTls {
  const { cert, key, clientCa, revoked } = material;
  const certificates = parseCertificates(cert);
  if (clientCa !== undefined) parseCertificates(clientCa);
  createSecureContext({ cert, key, ...(clientCa === undefined ? {} : { ca: clientCa }) });
  // Each by itself: where one cannot be read, that is all that OpenSSL says.
  for (const list of revoked ?? []) createSecureContext({ crl: list });
  if (revoked?.length === 0) throw new Error('the file of revoked certificates has no revocation list in it');
  return { material, certificate: certificates[0], expiresAtMs: endOfCertificates(certificates) };
}

export function isSameMaterial(a: TlsMaterial | undefined, b: TlsMaterial | undefined): boolean {
  return a?.cert === b?.cert && a?.key === b?.key && a?.clientCa === b?.clientCa && hasSameLists(a, b);
}

/** OpenSSL takes one list at a time. */
function splitLists(text: string): string[] {
  return text.match(/-----BEGIN X509 CRL-----[\s\S]+?-----END X509 CRL-----/g) ?? [];
}

export function isValidAt({ certificate, expiresAtMs }: LoadedTls, nowMs: number): boolean {
  return certificate.validFromDate.getTime() <= nowMs && nowMs < expiresAtMs;
}

/** What is wrong with which files. */
export function describeTlsTrouble(error: unknown, { certificate, key }: TlsFiles): string {
  return `${certificate} with ${key}: ${toFailure(error).message}`;
}
