import { describe, expect, test } from 'vitest';
import { getFailure, listMistakes, registryConfig, smallConfig } from './config-mistakes.ts';

const ECR = 'https://123456789012.dkr.ecr.ap-southeast-1.amazonaws.com';
const FORMS = 'username and password, dockerConfig, aws, or aliyun';

describe('credentials have exactly one form', () => {
  test.each([
    ['{ username: u, password: env:P, dockerConfig: file:d.json }', `: must be of one form only: ${FORMS}`],
    ['{ dockerConfig: file:d.json, aws: default }', `: must be of one form only: ${FORMS}`],
    ['{}', `: is empty; it must be ${FORMS}, or be left out`],
    ['{ username: u }', '.password: is missing; a username needs one, as env:NAME or file:PATH'],
    ['{ password: env:P }', '.username: is missing; a password needs one'],
    ['{ dockerConfig: /etc/docker.json }', '.dockerConfig: must be file:PATH'],
    [
      '{ username: "evn:USER", password: env:P }',
      '.username: must be a user name without a colon, env:NAME or file:PATH',
    ],
    [
      '{ aws: always }',
      '.aws: must be default, or a mapping with profile, roleArn, endpoint or several of them (found a text)',
    ],
    [
      '{ aws: { roleArn: entrepot } }',
      '.aws.roleArn: must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/entrepot',
    ],
    ['{ aws: { role: entrepot } }', '.aws.role: has a key'],
  ])('%s', (credentials, mistake) => {
    const mistakes = listMistakes(registryConfig(`kind: ecr, url: "${ECR}", credentials: ${credentials}`));
    expect(mistakes).toHaveLength(1);
    const shown = mistakes[0]?.replace(/^2:\d+ registries\.r\.credentials/, '') ?? '';
    if (mistake.endsWith('has a key'))
      expect(shown).toMatch(/^\.aws: has a key that is not known \(known here: profile, roleArn, endpoint\)$/);
    else expect(shown).toBe(mistake);
  });

  test('AWS credentials are for ECR', () => {
    expect(
      listMistakes(registryConfig('kind: oci, region: x, url: "https://r.example", credentials: { aws: default }')),
    ).toEqual(['2:84 registries.r.credentials.aws: is of use to Amazon ECR only, and this registry is not one']);
    expect(
      listMistakes(smallConfig('sources: { h: { url: "https://h.example", credentials: { aws: default } } }')),
    ).toEqual(['6:58 sources.h.credentials.aws: is of use to Amazon ECR only, and this registry is not one']);
  });
});

describe('a secret in the wrong place is never repeated', () => {
  test.each([
    'credentials: { username: u, password: hunter2 }',
    'credentials: { username: u, password: "hunter2: x" }',
    'credentials: { username: u, password: [hunter2] }',
    'credentials: { username: u, password: { value: hunter2 } }',
    'credentials: { username: u, password: *hunter2 }',
    'credentials: { username: u, password: !hunter2 x }',
    'credentials: { username: u, password: "hunter2\\q" }',
    'credentials: { username: u, password: "hunter2 }',
    'credentials: { username: u, password: @hunter2 }',
    'credentials: { username: u, password: hunter2: x }',
    'credentials: { username: u, password: env:hunter2!x }',
    'credentials: { username: "u:hunter2", password: env:P }',
    'credentials: { hunter2 }',
    'credentials: { u:hunter2 }',
    'credentials: u:hunter2',
    'credentials: [u, hunter2]',
    'credentials: { hunter2: 1, hunter2: 2 }',
    'credentials: { ? [hunter2] : x }',
    'credentials: { dockerConfig: \'{"auth":"hunter2"}\' }',
    'credentials: { aws: { roleArn: hunter2 } }',
    'credentials: { aws: hunter2 }',
    'credentials: { username: u, pasword: hunter2 }',
    'password:hunter2',
    'ca: hunter2',
  ])('%s', (entry) => {
    const failure = getFailure(registryConfig(`kind: oci, region: x, url: "https://r.example", ${entry}`));
    expect(failure.message).toContain('mistake');
    expect(`${failure.message}${JSON.stringify(failure.details.errors)}${String(failure.details.cause)}`).not.toContain(
      'hunter2',
    );
  });

  test('nor one in a URL', () => {
    for (const url of [
      'https://u:hunter2@r.example',
      'https:/u:hunter2@r.example',
      'u:hunter2@r.example',
      'https://r.example?t=hunter2',
    ]) {
      expect(getFailure(registryConfig(`kind: oci, region: x, url: "${url}"`)).message).not.toContain('hunter2');
    }
  });
});
