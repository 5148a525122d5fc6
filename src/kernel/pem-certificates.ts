import { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/**
 * The certificates of a PEM text (RFC 7468), in its order; whatever else it holds is left aside. Throws where there is
 * none, or one that cannot be read.
 */
export function parseCertificates(pem: string): readonly [X509Certificate, ...X509Certificate[]] {
  const [first, ...others] = (pem.match(CERTIFICATE) ?? []).map((text) => new X509Certificate(text));
  if (first === undefined) throw new Error('it holds no certificate in PEM form');
  return [first, ...others];
}

/** When the first of them ends, as the time in milliseconds: a chain is only as good as each of its parts. */
export function endOfCertificates(certificates: readonly X509Certificate[]): number {
  return Math.min(...certificates.map(({ validToDate }) => validToDate.getTime()));
}
