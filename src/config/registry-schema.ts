import { z } from 'zod';
import { bandwidthSchema } from './bandwidth-schema.ts';
import {
  fileText,
  filledText,
  originText,
  prefixText,
  roleArnText,
  secretText,
  usernameText,
} from './field-schemas.ts';

/** Actions of ECR that have a quota a second and that a push or pull uses. */
const ECR_ACTIONS = [
  'BatchCheckLayerAvailability',
  'BatchGetImage',
  'CompleteLayerUpload',
  'GetAuthorizationToken',
  'GetDownloadUrlForLayer',
  'InitiateLayerUpload',
  'PutImage',
  'UploadLayerPart',
] as const;

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
        endpoint: originText({
          description: 'Where the API of ECR is asked instead of at its usual place, such as a VPC endpoint.',
          examples: ['https://vpce-0123-abcd.api.ecr.ap-southeast-1.vpce.amazonaws.com'],
        }).optional(),
      }),
    ],
    { error: 'must be default, or a mapping with profile, roleArn, endpoint or several of them' },
  )
  .meta({
    description: 'AWS credentials: `default` is the usual chain (environment, profile, web identity, instance role).',
  });

const aliyunSchema = z
  .strictObject({
    instanceId: filledText({
      description: 'The Enterprise instance; without it the Personal edition of the region is asked.',
      examples: ['cri-0123456789abcdef'],
    }).optional(),
    roleArn: filledText({
      description: 'A RAM role to assume with the default chain.',
      examples: ['acs:ram::1234567890123456:role/entrepot'],
    }).optional(),
    endpoint: originText({
      description: 'Where the API of Container Registry is asked instead of at cr.REGION.aliyuncs.com.',
      examples: ['https://cr-vpc.cn-beijing.aliyuncs.com'],
    }).optional(),
  })
  .meta({
    description:
      'Temporary tokens of Alibaba Cloud, with the usual chain of its tools (environment, profile, OIDC, instance role).',
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
    aliyun: aliyunSchema.optional(),
  })
  .meta({
    description:
      'How to log in, in one of four ways: username and password, dockerConfig, aws, or aliyun. Without it a registry of kind ecr uses the AWS default chain and all others are asked anonymously.',
    oneOf: [
      { required: ['username', 'password'] },
      { required: ['dockerConfig'] },
      { required: ['aws'] },
      { required: ['aliyun'] },
    ],
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

const repositorySchema = z
  .strictObject({
    immutableTags: z.boolean().default(false).meta({ description: 'A tag that names a digest cannot be moved.' }),
    scanOnPush: z.boolean().default(false).meta({ description: 'Scan each image when it arrives.' }),
    kmsKey: filledText({
      description: "Encrypt with this KMS key; aws is the account's own key for ECR. Without it ECR uses AES-256.",
      examples: ['aws', 'arn:aws:kms:ap-southeast-1:123456789012:key/0123'],
    }).optional(),
    lifecyclePolicy: fileText({
      description: 'A JSON file with the lifecycle policy that new repositories get.',
      examples: ['file:lifecycle.json'],
    }).optional(),
    tags: z
      .record(z.string(), z.string())
      .default({})
      .meta({ description: 'Resource tags.', examples: [{ team: 'web3d' }] }),
  })
  .meta({ description: 'How a repository of ECR is made when it is missing. One that exists is left as it is.' });

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
    bandwidth: bandwidthSchema.optional(),
    pullCredentials: credentialsSchema.optional().meta({
      description:
        'Whose passwords clusters are given by pull-credentials: an identity that may only pull. Without it none are given.',
    }),
    repository: repositorySchema.optional(),
    blobMounting: z.boolean().optional().meta({
      description: 'Is blob mounting enabled in this ECR account and region? Then layers are mounted, not sent again.',
    }),
    rates: z
      .partialRecord(z.enum(ECR_ACTIONS), z.number().positive())
      .optional()
      .meta({
        description: 'Requests a second that this ECR account may do in its region, where its quotas were changed.',
        examples: [{ PutImage: 20 }],
      }),
    ...endpointShape,
  })
  .meta({ description: 'One registry in one region.' });

export const sourceSchema = z
  .strictObject({
    url: originText(
      {
        description:
          'Scheme, host and port, without a path. Plain HTTP only when http:// is written. Where the key has a * the host has one, too.',
        examples: ['https://harbor.example.com', 'https://*.harbor.example.com'],
      },
      'reference',
    ),
    ...endpointShape,
  })
  .meta({ description: 'One registry that images are taken from.' });
