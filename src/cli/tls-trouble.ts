import { connect } from 'node:tls';

/** What keeps a connection to the service from being made or trusted. */
export type TlsTrouble = 'expired' | 'notYetValid' | 'otherHost' | 'unknownAuthority' | 'plainThere' | 'tlsThere';

/** The code of an error that says: there is TLS where plain HTTP was spoken. */
export const TLS_THERE = 'ENTREPOT_TLS_THERE';

/** https://nodejs.org/docs/latest-v24.x/api/tls.html#x509-certificate-error-codes, and OpenSSL's own reasons. */
const TROUBLES: Readonly<Record<string, TlsTrouble>> = {
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'notYetValid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'otherHost',
  HOSTNAME_MISMATCH: 'otherHost',
  CERT_SIGNATURE_FAILURE: 'unknownAuthority',
  CERT_UNTRUSTED: 'unknownAuthority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'unknownAuthority',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknownAuthority',
  UNABLE_TO_GET_ISSUER_CERT: 'unknownAuthority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknownAuthority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknownAuthority',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'plainThere',
  ERR_SSL_WRONG_VERSION_NUMBER: 'plainThere',
  [TLS_THERE]: 'tlsThere',
};

/** The trouble with TLS that an error is about, or one of its causes is. */
export function findTlsTrouble(error: unknown): TlsTrouble | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return Object.hasOwn(TROUBLES, code) ? TROUBLES[code] : findTlsTrouble(error.cause);
}

/** Does whoever listens there speak TLS? Any certificate will do: nothing is sent. */
export function speaksTls({ hostname, port }: URL, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: Number(port || 80), rejectUnauthorized: false, timeout: timeoutMs });
    const answer = (speaks: boolean) => {
      socket.destroy();
      resolve(speaks);
    };
    socket.once('secureConnect', () => answer(true));
    socket.once('timeout', () => answer(false));
    socket.once('error', () => answer(false));
    socket.once('close', () => answer(false));
  });
}
