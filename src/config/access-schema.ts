import { isIP } from 'node:net';
import { z } from 'zod';
import { count, durationText } from './field-schemas.ts';
import { oidcSchema } from './oidc-schema.ts';

const limitsSchema = z
  .strictObject({
    requestsPerSecond: count(1_000_000, {
      description: 'Calls of the API by one caller, in the long run; four times as many may come at once.',
    }).default(500),
    resolvesPerSecond: count(1_000_000, {
      description: 'The same of resolving, which costs least; at least 1000.',
    })
      .min(1_000)
      .default(20_000),
    doorRequestsPerSecond: count(1_000_000, {
      description: 'The same of requests at the OCI door, below /v2/.',
    }).default(2_000),
    failedLoginsPerMinute: count(100_000, {
      description: 'Attempts from one address with tokens that do not hold.',
    }).default(60),
  })
  .prefault({})
  .meta({
    description:
      'How much one caller may ask for before it is answered 429. Known callers are counted by who they are, others by their address.',
  });

/** `access` of the configuration file. */
export const accessSchema = z
  .strictObject({
    anonymous: z.enum(['none', 'read']).default('none').meta({
      description:
        'What callers without a token may do: nothing, or read images, pushes, choices, measurements and answers, and pull at the door. They never write.',
    }),
    metrics: z
      .enum(['token', 'open'])
      .default('token')
      .meta({ description: 'Whether /metrics asks for a token (of role ops or admin), or answers everyone.' }),
    limits: limitsSchema,
    proxies: z
      .array(
        z
          .string()
          .refine(isNetwork, 'must be an IP address or a network such as 10.0.0.0/8')
          .meta({ description: 'An IP address, or a network such as 10.0.0.0/8.' }),
      )
      .default([])
      .meta({
        description:
          'Proxies that stand before the service: what they say in X-Forwarded-For is where a call comes from.',
        examples: [['10.0.0.0/8']],
      }),
    oidc: oidcSchema,
    audit: durationText({ description: 'How long the audit log is kept.', examples: ['400d'] }).default('400d'),
  })
  .prefault({})
  .meta({ description: 'Who is let in beside those with a token, and how much each caller may ask.' });

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32));
}
