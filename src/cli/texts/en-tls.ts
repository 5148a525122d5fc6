import type { TlsTrouble } from '../tls-trouble.ts';

/** What is wrong with TLS on the way to the service, and whose turn it is. */
export const enTls = {
  reasons: {
    expired: "the service's certificate has expired",
    notYetValid: "the service's certificate is not valid yet by this machine's clock",
    otherHost: "the service's certificate is for another host",
    unknownAuthority: "the service's certificate is from an authority that is not trusted here",
    plainThere: 'what listens there speaks no TLS',
    tlsThere: 'what listens there speaks TLS, and was spoken to without',
  } satisfies Record<TlsTrouble, string>,

  /** The names that the certificate has. */
  names: (names: string) => ` (${names})`,

  hints: {
    expired: () =>
      'Whoever runs the service must renew it; new files are taken up without a restart. Should this clock be wrong, set it.',
    notYetValid: () => "Is this machine's clock right? If it is, whoever runs the service must put in another one.",
    otherHost: (url: string) =>
      `Ask the service by a name that its certificate has (ENTREPOT_URL is ${url}), or have whoever runs it get one with this name.`,
    unknownAuthority: (_url: string, caPath: string | undefined) =>
      caPath === undefined
        ? 'Set ENTREPOT_CA to the PEM file of the authority that signed it; whoever runs the service has that file. (If it is a public one, the service does not send its intermediate certificates.)'
        : `ENTREPOT_CA is ${caPath}, which does not hold the authority that signed it: get the right file from whoever runs the service.`,
    plainThere: (url: string) =>
      `Is the address right? A service without a certificate is asked with http://: ENTREPOT_URL is ${url}. Over a network, have whoever runs it give it one.`,
    tlsThere: (url: string) => `Ask it with https://: export ENTREPOT_URL=${url.replace(/^http:/, 'https:')}`,
  } satisfies Record<TlsTrouble, (url: string, caPath: string | undefined) => string>,
};
