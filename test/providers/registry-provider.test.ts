import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/kernel/secret.ts';
import { openRegistryProvider, type RegistryProvider } from '../../src/providers/registry-provider.ts';
import type {
  CredentialsEntry,
  RegistryEntry,
  RegistryKind,
  SecretReference,
  SourceEntry,
} from '../../src/regions/world.ts';
import { failureOf } from '../net/failure-of.ts';
import { openScriptedServer, readRequest, type ScriptedServer } from '../net/scripted-server.ts';
import { TEST_CA } from '../net/tls-fixture.ts';
import { openTestRegistry } from '../support/registry.ts';
import { openTempFolder } from '../support/temp-folder.ts';

const BASIC = { kind: 'basic', username: 'AWS', password: 'ecr-password' } as const;

function entry(url: string, kind: RegistryKind, credentials: CredentialsEntry): RegistryEntry {
  return {
    name: 'r',
    kind,
    role: 'relay',
    region: 'ap-southeast-1',
    url,
    credentials,
    internal: false,
    prefix: '',
    names: 'nested',
    attestations: 'keep',
    enabled: true,
    addresses: {},
    costPerGb: null,
  };
}

function open(
  registry: RegistryEntry | SourceEntry,
  secrets: Record<string, string> = {},
): RegistryProvider & AsyncDisposable {
  const readSecret = async (reference: SecretReference) => new Secret(secrets[reference.name] ?? '');
  const provider = openRegistryProvider(registry, { readSecret });
  return { ...provider, [Symbol.asyncDispose]: () => provider.close() };
}

type Call = { readonly operation: string; readonly body: Record<string, unknown>; readonly authorization: string };

/** ECR's control plane as far as we ask it; each operation answers what the test put there. */
async function openControlPlane(
  answers: Record<string, (call: number) => [number, unknown]>,
): Promise<ScriptedServer & { calls: Call[] }> {
  const calls: Call[] = [];
  const server = await openScriptedServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    const body = JSON.parse((await readRequest(request)).toString());
    calls.push({ operation, body, authorization: request.headers.authorization ?? '' });
    const [status, answer] = answers[operation]?.(calls.filter((call) => call.operation === operation).length) ?? [
      400,
      {},
    ];
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
  });
  return { ...server, calls };
}

function authorization(password: string, expiresAtMs: number): [number, unknown] {
  const authorizationToken = Buffer.from(`AWS:${password}`).toString('base64');
  return [
    200,
    { authorizationData: [{ authorizationToken, expiresAt: expiresAtMs / 1_000, proxyEndpoint: 'https://x' }] },
  ];
}

describe('a registry without a cloud', () => {
  it('takes user name and password from secrets, and makes no repositories', async () => {
    await using registry = await openTestRegistry({ auth: { kind: 'basic', username: 'ci', password: 'p' } });
    for (const kind of ['oci', 'acr'] as const) {
      await using named = open(
        entry(registry.url, kind, { kind: 'basic', username: 'ci', password: { from: 'env', name: 'PW' } }),
        { PW: 'p' },
      );
      await named.client.ping();
      await named.ensureRepository('team/app');
    }
    const reference = { from: 'file', name: 'user' } as const;
    await using referred = open(
      entry(registry.url, 'oci', { kind: 'basic', username: reference, password: { from: 'env', name: 'PW' } }),
      { user: 'ci', PW: 'p' },
    );
    await referred.client.ping();
    await using stranger = open(entry(registry.url, 'oci', { kind: 'none' }));
    expect(await failureOf(stranger.client.ping())).toMatchObject({ code: 'remote_unauthenticated' });
  });

  it('takes what docker login left', async () => {
    await using registry = await openTestRegistry({ auth: { kind: 'basic', username: 'ci', password: 'p' } });
    await using folder = await openTempFolder('provider');
    const path = join(folder.path, 'config.json');
    await writeFile(
      path,
      JSON.stringify({ auths: { [registry.address]: { auth: Buffer.from('ci:p').toString('base64') } } }),
    );
    await using source = open({
      key: 'harbor.bj',
      url: registry.url,
      credentials: { kind: 'docker', path },
      internal: false,
    });
    await source.client.ping();
  });

  it('trusts its own authority, and says which file it misses', async () => {
    await using server = await openScriptedServer((_request, response) => response.end('{}'), { tls: true });
    await using folder = await openTempFolder('provider');
    const ca = join(folder.path, 'ca.pem');
    await using provider = open({ ...entry(server.url, 'oci', { kind: 'none' }), ca });
    expect(await failureOf(provider.client.ping())).toMatchObject({
      code: 'tls_failed',
      message: expect.stringContaining(ca),
    });
    await writeFile(ca, TEST_CA);
    await provider.client.ping();
  });
});

describe('ECR', () => {
  const saved = { ...process.env };
  beforeEach(() => {
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: 'AKIDTEST',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
    });
  });
  afterEach(() => {
    process.env = { ...saved };
  });

  it('gets one password for many requests, and repositories where they are missing', async () => {
    await using control = await openControlPlane({
      GetAuthorizationToken: () => authorization('ecr-password', Date.now() + 12 * 3_600_000),
      CreateRepository: (call) =>
        call === 1
          ? [200, { repository: {} }]
          : [400, { __type: 'RepositoryAlreadyExistsException', message: 'exists' }],
    });
    process.env.AWS_ENDPOINT_URL_ECR = control.url;
    await using registry = await openTestRegistry({ auth: BASIC });
    await using provider = open(entry(registry.url, 'ecr', { kind: 'aws' }));
    await Promise.all([provider.client.ping(), provider.client.ping(), provider.client.ping()]);
    await provider.client.ping();
    await provider.ensureRepository('web3d/team/app');
    await provider.ensureRepository('web3d/team/app');
    // Each is made once, until the registry says that it is gone.
    expect(control.calls.map((call) => call.operation)).toEqual(['GetAuthorizationToken', 'CreateRepository']);
    await using another = open(entry(registry.url, 'ecr', { kind: 'aws' }));
    await another.ensureRepository('web3d/team/app');
    expect(control.calls).toHaveLength(3);
    expect(control.calls[1]?.body).toEqual({ repositoryName: 'web3d/team/app' });
    // The region of the entry, since this URL tells none.
    expect(control.calls[0]?.authorization).toContain('/ap-southeast-1/ecr/aws4_request');
  });

  it('takes an end in the past for good, and gets another password once it is refused', async () => {
    await using control = await openControlPlane({
      GetAuthorizationToken: (call) =>
        authorization(call === 1 ? 'stale' : 'ecr-password', Date.parse('2015-01-01T00:00:00Z')),
    });
    process.env.AWS_ENDPOINT_URL_ECR = control.url;
    await using registry = await openTestRegistry({ auth: BASIC });
    await using provider = open(entry(registry.url, 'ecr', { kind: 'aws' }));
    await provider.client.ping();
    await provider.client.ping();
    expect(control.calls).toHaveLength(2);
  });

  it('asks account and region of its own host names', async () => {
    await using control = await openControlPlane({ CreateRepository: () => [200, { repository: {} }] });
    process.env.AWS_ENDPOINT_URL_ECR = control.url;
    await using provider = open(
      entry('https://123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'ecr', { kind: 'none' }),
    );
    await provider.ensureRepository('app');
    expect(control.calls[0]?.body).toEqual({ repositoryName: 'app', registryId: '123456789012' });
    expect(control.calls[0]?.authorization).toContain('/cn-north-1/ecr/aws4_request');
  });

  it.each([
    [400, { __type: 'AccessDeniedException', message: 'not allowed' }, 'remote_denied'],
    [400, { __type: 'UnrecognizedClientException' }, 'remote_unauthenticated'],
    [400, { __type: 'ThrottlingException' }, 'remote_rate_limited'],
    [400, { __type: 'InvalidParameterException' }, 'remote_refused'],
    [500, { __type: 'ServerException' }, 'remote_unavailable'],
    [503, '<html>', 'remote_unavailable'],
    [200, { authorizationData: [] }, 'remote_unexpected'],
  ])('%i %j is %s', async (status, answer, code) => {
    await using control = await openControlPlane({ GetAuthorizationToken: () => [status, answer] });
    process.env.AWS_ENDPOINT_URL_ECR = control.url;
    await using registry = await openTestRegistry({ auth: BASIC });
    await using provider = open(entry(registry.url, 'ecr', { kind: 'aws' }));
    expect(await failureOf(provider.client.ping())).toMatchObject({ code });
  });

  it('is cancelled by its signal, and says when nothing listens', async () => {
    await using provider = open(entry('http://127.0.0.1:1', 'ecr', { kind: 'aws' }));
    process.env.AWS_ENDPOINT_URL_ECR = 'http://127.0.0.1:1';
    expect(await failureOf(provider.ensureRepository('app'))).toMatchObject({ code: 'connect_failed' });
    expect(await failureOf(provider.ensureRepository('app', AbortSignal.abort()))).toMatchObject({ code: 'cancelled' });
  });

  it('assumes the role that its entry names, and signs with what it is given', async () => {
    await using sts = await openScriptedServer(async (request, response) => {
      const form = new URLSearchParams((await readRequest(request)).toString());
      expect(form.get('RoleArn')).toBe('arn:aws:iam::123456789012:role/x');
      const end = new Date(Date.now() + 3_600_000).toISOString();
      response
        .writeHead(200, { 'content-type': 'text/xml' })
        .end(
          `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${end}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
        );
    });
    await using control = await openControlPlane({ CreateRepository: () => [200, { repository: {} }] });
    process.env.AWS_ENDPOINT_URL_STS = sts.url;
    await using provider = open(
      entry('http://127.0.0.1:1', 'ecr', {
        kind: 'aws',
        roleArn: 'arn:aws:iam::123456789012:role/x',
        endpoint: control.url,
      }),
    );
    await provider.ensureRepository('app');
    expect(control.calls[0]?.authorization).toContain('Credential=ASIAROLE/');
  });

  it('makes repositories as they are configured to be', async () => {
    await using control = await openControlPlane({
      CreateRepository: () => [200, { repository: {} }],
      PutLifecyclePolicy: () => [200, {}],
    });
    await using folder = await openTempFolder('provider');
    const lifecyclePolicy = join(folder.path, 'lifecycle.json');
    await writeFile(lifecyclePolicy, '{"rules":[]}');
    await using provider = open({
      ...entry('http://127.0.0.1:1', 'ecr', { kind: 'aws', endpoint: control.url }),
      repository: { immutableTags: true, scanOnPush: true, kmsKey: 'key', lifecyclePolicy, tags: { team: 'web3d' } },
    });
    await provider.ensureRepository('app');
    expect(control.calls.map(({ body }) => body)).toEqual([
      {
        repositoryName: 'app',
        imageTagMutability: 'IMMUTABLE',
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfiguration: { encryptionType: 'KMS', kmsKey: 'key' },
        tags: [{ Key: 'team', Value: 'web3d' }],
      },
      { repositoryName: 'app', lifecyclePolicyText: '{"rules":[]}' },
    ]);
  });
});
