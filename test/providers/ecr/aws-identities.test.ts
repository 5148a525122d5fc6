import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/kernel/clock.ts';
import { openEcrApi } from '../../../src/providers/ecr/ecr-api.ts';
import { EcrRates } from '../../../src/providers/ecr/ecr-rates.ts';
import type { CredentialsEntry } from '../../../src/regions/world.ts';
import { openScriptedServer, readRequest } from '../../net/scripted-server.ts';
import { openTempFolder } from '../../support/temp-folder.ts';

type Aws = Omit<Extract<CredentialsEntry, { kind: 'aws' }>, 'kind'>;

const saved = { ...process.env };
beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  process.env.AWS_EC2_METADATA_DISABLED = 'true';
});
afterEach(() => {
  process.env = { ...saved };
});

/** An API of ECR that notes which access key asked, and throttles the first so many requests. */
async function openControl(throttled = 0) {
  const askedBy: string[] = [];
  const server = await openScriptedServer(async (request, response) => {
    await readRequest(request);
    askedBy.push(/Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1] ?? '');
    const isThrottled = askedBy.length <= throttled;
    response
      .writeHead(isThrottled ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify(isThrottled ? { __type: 'ThrottlingException', message: 'Rate exceeded' } : { layers: [] }));
  });
  return { ...server, askedBy };
}

/** STS, which gives to each role an access key that tells the role and how it was asked for. */
async function openSts() {
  return await openScriptedServer(async (request, response) => {
    const form = new URLSearchParams((await readRequest(request)).toString());
    const action = form.get('Action') ?? '';
    const role = form.get('RoleArn')?.split('/').at(-1)?.toUpperCase();
    const how = action === 'AssumeRoleWithWebIdentity' ? `WEB${form.get('WebIdentityToken')}` : 'ASSUMED';
    const end = new Date(Date.now() + 3_600_000).toISOString();
    const given = `<Credentials><AccessKeyId>${how}${role}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${end}</Expiration></Credentials>`;
    response
      .writeHead(200, { 'content-type': 'text/xml' })
      .end(
        `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${given}</${action}Result></${action}Response>`,
      );
  });
}

async function askAs(aws: Aws): Promise<void> {
  const api = openEcrApi({ url: 'http://127.0.0.1:1', region: 'ap-southeast-1', credentials: { kind: 'aws', ...aws } });
  try {
    await api.findLayers('app', []);
  } finally {
    api.close();
  }
}

describe('the identity that asks ECR', () => {
  it('is that of a profile, where the registry names one', async () => {
    await using control = await openControl();
    await using folder = await openTempFolder('aws');
    const path = join(folder.path, 'credentials');
    await writeFile(
      path,
      '[default]\naws_access_key_id = DEFAULTKEY\naws_secret_access_key = s\n[web3d]\naws_access_key_id = PROFILEKEY\naws_secret_access_key = s\n',
    );
    process.env.AWS_SHARED_CREDENTIALS_FILE = path;
    process.env.AWS_CONFIG_FILE = join(folder.path, 'none');
    await askAs({ endpoint: control.url, profile: 'web3d' });
    await askAs({ endpoint: control.url });
    expect(control.askedBy).toEqual(['PROFILEKEY', 'DEFAULTKEY']);
  });

  it('is that of the web identity of a pod', async () => {
    await using control = await openControl();
    await using sts = await openSts();
    await using folder = await openTempFolder('aws');
    const token = join(folder.path, 'token');
    await writeFile(token, 'POD');
    Object.assign(process.env, {
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/irsa',
      AWS_REGION: 'ap-southeast-1',
      AWS_ENDPOINT_URL_STS: sts.url,
      AWS_SHARED_CREDENTIALS_FILE: join(folder.path, 'none'),
      AWS_CONFIG_FILE: join(folder.path, 'none'),
    });
    await askAs({ endpoint: control.url });
    expect(control.askedBy).toEqual(['WEBPODIRSA']);
  });

  it('is that of the role of each registry, assumed with the same keys', async () => {
    await using control = await openControl();
    await using sts = await openSts();
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: 'AKIDTEST',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL_STS: sts.url,
    });
    for (const role of ['push', 'pull'])
      await askAs({ endpoint: control.url, roleArn: `arn:aws:iam::123456789012:role/${role}` });
    expect(control.askedBy).toEqual(['ASSUMEDPUSH', 'ASSUMEDPULL']);
  });
});

it('a throttled request is sent again, and the quota of its action hears of every refusal', async () => {
  await using control = await openControl(2);
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDTEST', AWS_SECRET_ACCESS_KEY: 'secret' });
  const rates = new EcrRates(systemClock, { BatchCheckLayerAvailability: 20 });
  const api = openEcrApi({
    url: 'http://127.0.0.1:1',
    region: 'ap-southeast-1',
    credentials: { kind: 'aws', endpoint: control.url },
    rates,
  });
  await expect(api.findLayers('app', [])).resolves.toEqual(new Map());
  api.close();
  expect(control.askedBy).toHaveLength(3);
  // Slowed: two requests in a row are now further apart than at nine tenths of the quota (56 ms).
  const bucket = rates.bucket('BatchCheckLayerAvailability');
  await bucket.take();
  const begunMs = performance.now();
  await bucket.take();
  expect(performance.now() - begunMs).toBeGreaterThan(60);
});
