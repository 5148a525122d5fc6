import { createRequire } from 'node:module';
import type { CredentialsEntry } from '../../regions/world.ts';
import type { CloudAuthorization } from '../cloud-authorization.ts';
import { parseAcrToken } from './acr-token.ts';
import { toAliyunFailure } from './aliyun-failure.ts';

type AliyunEntry = Extract<CredentialsEntry, { kind: 'aliyun' }>;

type OpenApi = typeof import('@alicloud/openapi-client');
type Util = typeof import('@alicloud/tea-util');
type Credentials = typeof import('@alicloud/credentials');

/** The SDK is CommonJS with a member called default, which importing gives differently from loader to loader. */
const require = createRequire(import.meta.url);

const CONNECT_TIMEOUT_MS = 10_000;
const READ_TIMEOUT_MS = 30_000;

/**
 * GetAuthorizationToken of Container Registry as a generic call: an Enterprise instance by its id (2018-12-01), the
 * Personal edition of the region otherwise (2016-06-07). The SDK is loaded with the first request.
 * Source: https://www.alibabacloud.com/help/en/doc-detail/145324.htm, 2026-11-23.
 */
export async function getAcrAuthorization(entry: AliyunEntry, region: string): Promise<CloudAuthorization> {
  const attempt = 'ACR GetAuthorizationToken';
  let body: unknown;
  try {
    body = await call(entry, region);
  } catch (error) {
    throw toAliyunFailure(error, attempt);
  }
  return parseAcrToken(body, attempt);
}

async function call(entry: AliyunEntry, region: string): Promise<unknown> {
  const openApi: OpenApi = require('@alicloud/openapi-client');
  const util: Util = require('@alicloud/tea-util');
  const endpoint = new URL(entry.endpoint ?? `https://cr.${region}.aliyuncs.com`);
  const protocol = endpoint.protocol === 'http:' ? 'HTTP' : 'HTTPS';
  const client = new openApi.default(
    new openApi.Config({
      credential: openCredential(entry, region),
      endpoint: endpoint.host,
      protocol,
      regionId: region,
    }),
  );
  const isEnterprise = entry.instanceId !== undefined;
  const params = new openApi.Params({
    action: 'GetAuthorizationToken',
    version: isEnterprise ? '2018-12-01' : '2016-06-07',
    protocol,
    pathname: isEnterprise ? '/' : '/tokens',
    method: isEnterprise ? 'POST' : 'GET',
    authType: 'AK',
    style: isEnterprise ? 'RPC' : 'ROA',
    reqBodyType: isEnterprise ? 'formData' : 'json',
    bodyType: 'json',
  });
  const request = new openApi.OpenApiRequest(isEnterprise ? { query: { InstanceId: entry.instanceId } } : {});
  const runtime = new util.RuntimeOptions({
    connectTimeout: CONNECT_TIMEOUT_MS,
    readTimeout: READ_TIMEOUT_MS,
    autoretry: false,
  });
  const answer: { body?: unknown } = await client.callApi(params, request, runtime);
  return answer.body;
}

/** The usual chain of Alibaba Cloud's tools, and the role that it assumes where one is named. */
function openCredential(entry: AliyunEntry, region: string) {
  const credentials: Credentials = require('@alicloud/credentials');
  const chain = credentials.DefaultCredentialsProvider.builder().build();
  if (entry.roleArn === undefined) return new credentials.default(null, chain);
  const role = credentials.RAMRoleARNCredentialsProvider.builder()
    .withCredentialsProvider(chain)
    .withRoleArn(entry.roleArn)
    .withRoleSessionName('entrepot')
    .withStsRegionId(region)
    .build();
  return new credentials.default(null, role);
}
