import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { refuse } from '../../../src/api/v2/registry-answer.ts';
import { openTestRegistry, type TestRegistry } from '../registry.ts';

export type AcrDoubleOptions = {
  /** Default `cri-test`, an Enterprise instance; `null` is the Personal edition. */
  readonly instanceId?: string | null;
  readonly namespaces?: readonly string[];
  /** How long temporary tokens live; default 1 h, as at Alibaba Cloud. */
  readonly tokenLifeMs?: number;
  readonly takesAttestations?: boolean;
  readonly folder?: string;
};

/** The identity whose temporary tokens may only pull, by its access key. */
export const ACR_PULLER_KEY = 'LTAIPULLER';

/** Alibaba Cloud's registry as docs/registries.md says it is, with the API that makes temporary tokens. */
export type AcrDouble = AsyncDisposable & {
  readonly registry: TestRegistry;
  /** Of the OpenAPI: `endpoint` of the credentials. */
  readonly apiUrl: string;
  /** The fixed password of the console. */
  readonly fixed: { readonly username: string; readonly password: string };
  /** How many temporary tokens were made. */
  readonly tokensMade: number;
  /** From now on every token so far is refused, temporary ones and those of the token server. */
  expireTokens(): void;
};

export async function openAcrDouble(options: AcrDoubleOptions = {}): Promise<AcrDouble> {
  const { instanceId = 'cri-test', tokenLifeMs = 3_600_000 } = options;
  const fixed = { username: 'ci@1234567890', password: randomUUID() };
  const temporary = new Map<string, { readonly endsAtMs: number; readonly may: 'push' | 'pull' }>();
  let tokensMade = 0;
  const registry = await openTestRegistry({
    auth: {
      kind: 'bearer',
      ...fixed,
      takesPost: false,
      expiresInSeconds: 3_600,
      // goharbor/harbor, src/pkg/reg/adapter/aliacr: the service tells the edition.
      service:
        instanceId === null
          ? 'registry.aliyuncs.com:cn-beijing:26842'
          : `registry.aliyuncs.com:cn-beijing:china:${instanceId}`,
      namespaces: options.namespaces ?? ['web3d'],
      alsoKnows: (username, password) => {
        const token = username === 'cr_temp_user' ? temporary.get(password) : undefined;
        return token !== undefined && token.endsAtMs > Date.now() ? token.may : undefined;
      },
    },
    redirectBlobs: true,
    referrers: false,
    mounts: 'ignore',
    ...(options.takesAttestations ? {} : { refuseTypes: ['application/vnd.oci.empty.v1+json'] }),
    intercept: ({ url = '' }) =>
      url.startsWith('/v2/_catalog') ? refuse('UNSUPPORTED', 'not found', { status: 404 }) : undefined,
    ...(options.folder === undefined ? {} : { folder: options.folder }),
  });
  const api = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://acr');
    const action = request.headers['x-acs-action'];
    const reply = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const signed = /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=/.exec(request.headers.authorization ?? '');
    request.resume();
    if (signed === null) return reply(400, { Code: 'IncompleteSignature', Message: 'not signed' });
    const isEnterprise = request.headers['x-acs-version'] === '2018-12-01';
    if (action !== 'GetAuthorizationToken' || isEnterprise !== (instanceId !== null))
      return reply(404, { Code: 'InvalidAction.NotFound', Message: 'no such action' });
    if (isEnterprise && url.searchParams.get('InstanceId') !== instanceId)
      return reply(200, { IsSuccess: false, Code: 'INSTANCE_NOT_EXIST' });
    const password = randomUUID();
    const endsAtMs = Date.now() + tokenLifeMs;
    temporary.set(password, { endsAtMs, may: signed[1] === ACR_PULLER_KEY ? 'pull' : 'push' });
    tokensMade += 1;
    if (!isEnterprise)
      return reply(200, { data: { tempUserName: 'cr_temp_user', authorizationToken: password, expireDate: endsAtMs } });
    return reply(200, {
      IsSuccess: true,
      Code: 'success',
      TempUsername: 'cr_temp_user',
      AuthorizationToken: password,
      ExpireTime: endsAtMs,
    });
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  return {
    registry,
    apiUrl: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
    fixed,
    get tokensMade() {
      return tokensMade;
    },
    expireTokens() {
      temporary.clear();
      registry.expireTokens();
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        api.close(() => resolve());
        api.closeAllConnections();
      });
      await registry.close();
    },
  };
}
