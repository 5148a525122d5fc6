import { z } from 'zod';
import { fileText } from './field-schemas.ts';
import { ruleSchema } from './oidc-schema.ts';

/** `tls` of the configuration file. */
export const tlsSchema = z
  .strictObject({
    certificate: fileText({
      description: 'A PEM file with the certificate, and after it the intermediate ones.',
      examples: ['file:/etc/entrepot/tls/tls.crt'],
    }),
    key: fileText({
      description: 'A PEM file with its private key.',
      examples: ['file:/etc/entrepot/tls/tls.key'],
    }),
    clientCa: fileText({
      description: 'A PEM file with the CA whose client certificates are believed. Without it none is asked for.',
    }).optional(),
    revoked: fileText({
      description:
        'A PEM file with the revocation list of that CA, and those of intermediate ones after it. Client certificates on it are refused, and all of them once it is out of date.',
      examples: ['file:/etc/entrepot/clients.crl.pem'],
    }).optional(),
    clients: z
      .array(ruleSchema)
      .min(1)
      .optional()
      .meta({
        description:
          'Who is let in as what by a client certificate; the first that fits counts. The claims are cn, o and ou of its subject, and dns, uri and email of its alternative names.',
        examples: [[{ when: { cn: 'us-east-prod' }, role: 'cluster', cluster: 'us-east-prod' }]],
      }),
  })
  .superRefine(({ clientCa, clients, revoked }, context) => {
    if (revoked !== undefined && clientCa === undefined)
      context.addIssue({ code: 'custom', path: ['revoked'], message: 'needs clientCa beside it' });
    if ((clientCa === undefined) === (clients === undefined)) return;
    const [key, other] = clients === undefined ? ['clients', 'clientCa'] : ['clientCa', 'clients'];
    context.addIssue({ code: 'custom', path: [other], message: `needs ${key} beside it` });
  })
  .optional()
  .meta({ description: 'The certificate with which the service itself listens. It is read again when it changes.' });
