import { z } from 'zod';
import {
  fileText,
  filledText,
  originText,
  prefixText,
  roleArnText,
  secretText,
  usernameText,
} from './field-schemas.ts';

const awsSchema = z
  .union(
    [
      z.literal('default'),
      z.strictObject({
        profile: filledText({ description: 'A profile of the AWS configuration files.' }).optional(),
        roleArn: roleArnText({
          description: 'An IAM role to assume, on top of the default chain or the profile.',
          examples: ['arn:aws:iam::123456789012:role/entrepot'],
        }).optional(),
      }),
    ],
    { error: 'must be default, or a mapping with profile, roleArn or both' },
  )
  .meta({
    description: 'AWS credentials: `default` is the usual chain (environment, profile, web identity, instance role).',
  });

/** How to log in; which keys go together is checked in check-credentials.ts. */
export const credentialsSchema = z
  .strictObject({
    username: usernameText({
      description: 'User name, plain or by reference.',
      examples: ['env:ACR_USERNAME', 'robot'],
    }).optional(),
    password: secretText({
      description:
        'Where the password is: an environment variable, or a file whose first line it is. Never the password itself.',
      examples: ['env:ACR_PASSWORD', 'file:/run/secrets/acr-password'],
    }).optional(),
    dockerConfig: fileText({
      description:
        "A docker config.json with this host's login or credential helper; a relative path starts at this file's folder.",
      examples: ['file:/etc/entrepot/docker.json'],
    }).optional(),
    aws: awsSchema.optional(),
  })
  .meta({
    description:
      'How to log in, in one of three ways: username and password, dockerConfig, or aws. Without it a registry of kind ecr uses the AWS default chain and all others are asked anonymously.',
    oneOf: [{ required: ['username', 'password'] }, { required: ['dockerConfig'] }, { required: ['aws'] }],
  });

const endpointShape = {
  credentials: credentialsSchema.optional(),
  ca: fileText({
    description: "PEM file with the CA that signed this server's certificate, trusted besides the usual ones.",
    examples: ['file:/etc/entrepot/ca.pem'],
  }).optional(),
  internal: z.boolean().optional().meta({
    description:
      'May redirects and token servers of this endpoint lead to loopback or link-local addresses? Default: only when its own address is such a one.',
  }),
};

export const registrySchema = z
  .strictObject({
    kind: z.enum(['oci', 'ecr', 'acr']).meta({
      description: 'What serves it: ecr is Amazon ECR, acr is Alibaba Cloud Container Registry, oci anything else.',
    }),
    role: z
      .enum(['home', 'relay'])
      .meta({ description: 'home receives every image; relay is a candidate for the way across the border.' }),
    region: filledText({
      description: "The cloud region it is in; may be left out for kind ecr when the url's host tells it.",
      examples: ['cn-beijing', 'ap-southeast-1', 'ap-northeast-2', 'ap-northeast-1', 'us-west-2'],
    }).optional(),
    url: originText({
      description: 'Scheme, host and port, without a path. Plain HTTP only when http:// is written.',
      examples: [
        'https://123456789012.dkr.ecr.ap-southeast-1.amazonaws.com',
        'https://acme-registry.cn-beijing.cr.aliyuncs.com',
      ],
    }),
    prefix: prefixText({
      description: 'Put before the name of every image there: web3d makes team/app web3d/team/app.',
      examples: ['web3d'],
    }).default(''),
    names: z.enum(['nested', 'flat']).default('nested').meta({
      description: 'flat writes team/app as team-app, for registries that know one level of names only (ACR Personal).',
    }),
    attestations: z.enum(['keep', 'drop']).default('keep').meta({
      description:
        "drop leaves BuildKit's attestation manifests out, for registries that refuse them; the index gets another digest there.",
    }),
    enabled: z.boolean().default(true).meta({ description: 'false keeps the entry but sends nothing there.' }),
    addresses: z
      .record(z.string(), originText({ description: 'The address that this site uses.' }))
      .default({})
      .meta({
        description: "Another address for clusters of a site (VPC, public), by the site's name.",
        examples: [{ beijing: 'https://acme-registry-vpc.cn-beijing.cr.aliyuncs.com' }],
      }),
    costPerGb: z.number().min(0).optional().meta({
      description: 'What a gigabyte out of this registry costs, in any one currency; shown beside measurements.',
    }),
    ...endpointShape,
  })
  .meta({ description: 'One registry in one region.' });

export const sourceSchema = z
  .strictObject({
    url: originText(
      {
        description: 'Scheme, host and port, without a path. Plain HTTP only when http:// is written.',
        examples: ['https://harbor.example.com'],
      },
      'reference',
    ),
    ...endpointShape,
  })
  .meta({ description: 'One registry that images are taken from.' });
