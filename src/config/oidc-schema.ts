import { z } from 'zod';
import { durationText, fileText, filledText } from './field-schemas.ts';
import { isLoopbackHost } from './listen-address.ts';
import { findNameMistake } from './name-forms.ts';
import { findFilePath } from './secret-reference.ts';

/** Issuers that sign tokens for everybody in the world: a rule for them must say whose it means. */
const PUBLIC_ISSUERS = ['https://token.actions.githubusercontent.com', 'https://gitlab.com'];
/** Claims of theirs that name an owner or a project, which nobody else can get into a token. */
const OWNING_CLAIMS = [
  'repository',
  'repository_id',
  'repository_owner',
  'repository_owner_id',
  'project_path',
  'project_id',
  'namespace_path',
  'namespace_id',
];
const PLACEHOLDER = /\{[A-Za-z0-9_.:/-]{1,100}\}/g;
const MAX_STARS = 3;

function isServerUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.host === '' || url.username !== '' || url.password !== '') return false;
  if (/[\s\\?#]/.test(text)) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}

function isImageTemplate(text: string): boolean {
  // A placeholder stands for at least one character of an image name.
  const filled = text.replace(PLACEHOLDER, 'x');
  return (
    findNameMistake('pattern', filled) === undefined &&
    !filled.includes('**') &&
    filled.split('*').length - 1 <= MAX_STARS
  );
}

const claimPattern = filledText({ description: 'What the claim must be, exactly, or a pattern with *.' });

export const ruleSchema = z
  .strictObject({
    when: z
      .record(
        z.string(),
        z.union([claimPattern, z.array(claimPattern).min(1)], { error: 'must be text or a list of it' }),
      )
      .refine((when) => Object.keys(when).length > 0, 'must name at least one claim')
      .meta({
        description:
          'Claims by name and what they must be, all of them; a claim inside another is written with dots (kubernetes.io.namespace). Of a list either side, one must fit.',
        minProperties: 1,
        examples: [{ namespace_path: 'team', ref_protected: 'true' }],
      }),
    role: z.enum(['ci', 'ops', 'cluster', 'agent', 'admin']).meta({ description: 'What the holder is here.' }),
    images: z
      .array(
        z
          .string()
          .refine(isImageTemplate, 'must be an image name or pattern such as team/* or {project_path}/*')
          .meta({ description: 'An image name or pattern; {claim} stands for what the token says.' }),
      )
      .min(1)
      .max(50)
      .optional()
      .meta({
        description: 'The images it has to do with; needed by ci, all images where left out otherwise.',
        examples: [['{project_path}', '{project_path}/*']],
      }),
    cluster: filledText({ description: 'The cluster of role cluster; may hold {claim}.' }).optional(),
    site: filledText({ description: 'The site of role agent; may hold {claim}.' }).optional(),
  })
  .superRefine(({ role, images, cluster, site }, context) => {
    const wrong = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (role === 'ci' && images === undefined) wrong('images', 'must say which images role ci may push');
    if (role === 'admin' && images !== undefined) wrong('images', 'do not limit role admin; leave them out');
    if (role === 'cluster' && cluster === undefined) wrong('cluster', 'must say which cluster this is');
    if (role !== 'cluster' && cluster !== undefined) wrong('cluster', `belongs to role cluster, not ${role}`);
    if (role === 'agent' && site === undefined) wrong('site', 'must say at which site the agent works');
    if (role !== 'agent' && site !== undefined) wrong('site', `belongs to role agent, not ${role}`);
  })
  .meta({ description: 'Who is let in as what. The first rule that fits a token counts.' });

const issuerSchema = z
  .strictObject({
    issuer: z
      .string()
      .refine(isServerUrl, 'must be an https:// URL without query (http:// only on this machine), as in the claim iss')
      .meta({
        description: 'The issuer, exactly as in the claim iss of its tokens.',
        examples: ['https://gitlab.example'],
      }),
    audience: z
      .union(
        [filledText({ description: 'An audience.' }), z.array(filledText({ description: 'An audience.' })).min(1)],
        {
          error: 'must be text or a list of it',
        },
      )
      .meta({
        description: 'What aud must hold, one of these: a name for this service alone.',
        examples: ['entrepot'],
      }),
    keys: z
      .string()
      .refine(
        (text) => isServerUrl(text) || findFilePath(text, '/') !== undefined,
        'must be file:PATH of a JWK set, or the https:// URL of one',
      )
      .optional()
      .meta({
        description: "Where the issuer's keys are: file:PATH of a JWK set, or its URL. Default: as the issuer says.",
        examples: ['file:/etc/entrepot/cluster-jwks.json'],
      }),
    ca: fileText({ description: "A PEM file with the CA that signs the issuer's certificate." }).optional(),
    internal: z
      .boolean()
      .default(false)
      .meta({ description: 'May the issuer name keys at loopback and link-local addresses?' }),
    clockSkew: durationText({ description: 'How far its clock may be off ours.', examples: ['60s'] }).default('60s'),
    rules: z.array(ruleSchema).min(1).meta({ description: 'Who is let in as what; the first that fits counts.' }),
  })
  .superRefine(({ issuer, rules }, context) => {
    if (!PUBLIC_ISSUERS.includes(issuer.replace(/\/$/, ''))) return;
    rules.forEach(({ when }, index) => {
      const isOwned = OWNING_CLAIMS.some((claim) => {
        const wanted = [when[claim] ?? []].flat();
        return wanted.length > 0 && wanted.every((text) => /^[^*/]+(?:$|\/|[^*/]*$)/.test(text));
      });
      if (!isOwned)
        context.addIssue({
          code: 'custom',
          path: ['rules', index, 'when'],
          message: `must say whose tokens are meant, by one of ${OWNING_CLAIMS.join(', ')}: this issuer signs for everybody`,
        });
    });
  });

/** `access.oidc` of the configuration file. */
export const oidcSchema = z
  .record(z.string(), issuerSchema)
  .default({})
  .meta({ description: 'Identity providers whose tokens (JWT) are taken beside our own, by a name for the history.' });
