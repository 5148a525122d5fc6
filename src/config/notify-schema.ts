import { z } from 'zod';
import { NOTICE_EVENTS } from '../regions/notify-settings.ts';
import { count, durationText, fileText, filledText, imagePatternText, secretText } from './field-schemas.ts';
import { NAME_PATTERN } from './name-forms.ts';
import { findSecretReference } from './secret-reference.ts';

const url = secretText({
  description: 'The address of the incoming webhook, by reference: whoever knows it may write there.',
  examples: ['env:SLACK_URL'],
});

const robot = {
  url,
  secret: secretText({ description: 'With what the robot wants its messages signed.' }).optional(),
};

const mailAddress = z
  .string()
  .refine((text) => /^[^\s@<>,;]+@[^\s@<>,;]+$/.test(text), 'must be a mail address')
  .meta({ description: 'A mail address.', examples: ['ops@example.com'] });

const receiverSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('slack'), url }),
    z.strictObject({ kind: z.literal('dingtalk'), ...robot }),
    z.strictObject({ kind: z.literal('feishu'), ...robot }),
    z.strictObject({
      kind: z.literal('webhook'),
      url: z
        .string()
        .refine(
          (text) => findSecretReference(text, '/') !== undefined || isWebAddress(text),
          'must be an http or https address without a login in it, env:NAME or file:PATH',
        )
        .meta({ description: 'Where notices are posted: an address, or a reference to it.' }),
      secret: secretText({ description: 'With what notices are signed.' }),
    }),
    z.strictObject({
      kind: z.literal('email'),
      to: z.array(mailAddress).min(1).meta({ description: 'Who gets the mails.' }),
    }),
  ])
  .meta({ description: 'Where notices go.' });

const smtpSchema = z
  .strictObject({
    host: filledText({ description: 'The mail server.' }),
    port: count(65_535, { description: 'Its port; 465 with tls, else 587.' }).optional(),
    security: z.enum(['tls', 'starttls', 'none']).default('starttls').meta({
      description:
        'tls from the first byte; starttls, without which nothing is sent; none only inside a trusted network.',
    }),
    ca: fileText({ description: 'Certificate authority of the mail server, where it is not a public one.' }).optional(),
    from: mailAddress,
    username: filledText({ description: 'With whom to log in.' }).optional(),
    password: secretText({ description: 'The password that goes with it.' }).optional(),
  })
  .meta({ description: 'The server that sends mails, for receivers of kind email.' });

const subscriptionSchema = z
  .strictObject({
    receiver: filledText({ description: 'One of receivers.' }),
    events: z
      .array(z.enum(['*', ...NOTICE_EVENTS]))
      .min(1)
      .default(['*'])
      .meta({ description: 'What it is told; * is everything.' }),
    images: z
      .array(imagePatternText({ description: 'An image, or a pattern with *.' }))
      .min(1)
      .default(['*'])
      .meta({ description: 'Of which images; what is about no image goes by its name alone.' }),
  })
  .meta({ description: 'Which events of which images a receiver is told.' });

/** `notify` of the configuration file. */
export const notifySchema = z
  .strictObject({
    publicUrl: z
      .string()
      .refine(isWebAddress, 'must be an http or https address')
      .optional()
      .meta({ description: 'Where people reach the service; links in notices begin with it.' }),
    smtp: smtpSchema.optional(),
    receivers: z
      .record(z.string(), receiverSchema)
      .default({})
      .meta({ propertyNames: { pattern: NAME_PATTERN }, description: 'Where notices go, by name.' }),
    subscriptions: z.array(subscriptionSchema).default([]).meta({ description: 'Who is told what.' }),
    remind: durationText({
      description: 'A trouble that goes on is told again after so long, with how often it was met.',
      examples: ['6h'],
    }).default('6h'),
    deadline: durationText({
      description: 'How long a notice is offered to a receiver that does not take it.',
      examples: ['24h'],
    }).default('24h'),
    agentLostAfter: durationText({
      description: 'The agent of a site is told to be lost when it is not heard of for so long.',
      examples: ['5m'],
    }).default('5m'),
  })
  .superRefine(({ smtp, receivers, subscriptions }, context) => {
    for (const [name, { kind }] of Object.entries(receivers))
      if (kind === 'email' && smtp === undefined)
        context.addIssue({
          code: 'custom',
          path: ['receivers', name, 'kind'],
          message: 'is email, and there is no smtp',
        });
    for (const [index, { receiver }] of subscriptions.entries())
      if (receiver.trim() !== '' && !Object.hasOwn(receivers, receiver))
        context.addIssue({
          code: 'custom',
          path: ['subscriptions', index, 'receiver'],
          message: 'must be one of receivers',
        });
    if (smtp !== undefined && (smtp.username === undefined) !== (smtp.password === undefined))
      context.addIssue({
        code: 'custom',
        path: ['smtp', 'username'],
        message: 'needs a password, and a password a username',
      });
  })
  .prefault({})
  .meta({ description: 'Who is told what happens, and how.' });

function isWebAddress(text: string): boolean {
  const address = URL.canParse(text) ? new URL(text) : undefined;
  return (
    address !== undefined && /^https?:$/.test(address.protocol) && address.username === '' && address.password === ''
  );
}
