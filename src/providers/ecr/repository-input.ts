import { readFile } from 'node:fs/promises';
import type { CreateRepositoryCommandInput } from '@aws-sdk/client-ecr';
import { Failure } from '../../kernel/failure.ts';
import type { RepositorySettings } from '../../regions/world.ts';

/** The configured settings in ECR's words, with the text of the lifecycle policy, which ECR takes in a request of its own. */
export async function repositoryInput(
  settings: RepositorySettings | undefined,
): Promise<Omit<CreateRepositoryCommandInput, 'repositoryName'> & { lifecyclePolicyText?: string }> {
  if (settings === undefined) return {};
  const { immutableTags, scanOnPush, kmsKey, lifecyclePolicy, tags } = settings;
  return {
    imageTagMutability: immutableTags ? 'IMMUTABLE' : 'MUTABLE',
    imageScanningConfiguration: { scanOnPush },
    tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    ...(kmsKey === undefined
      ? {}
      : { encryptionConfiguration: { encryptionType: 'KMS', ...(kmsKey === 'aws' ? {} : { kmsKey }) } }),
    ...(lifecyclePolicy === undefined ? {} : { lifecyclePolicyText: await readPolicy(lifecyclePolicy) }),
  };
}

async function readPolicy(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Failure('config_invalid', `reading the lifecycle policy ${path} failed`, { cause });
  }
}
