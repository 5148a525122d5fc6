import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readBody } from '../../../src/api/v2/request-body.ts';
import { type Digest, isDigest, parseDigest } from '../../../src/oci/digest.ts';
import { parseRepositoryName, type RepositoryName } from '../../../src/oci/repository-name.ts';
import { parseTag } from '../../../src/oci/tag.ts';
import type { TestRegistry } from '../registry.ts';
import type { ActionLimits } from './action-limits.ts';
import type { EcrTokens } from './ecr-tokens.ts';

export type EcrControl = {
  readonly url: string;
  close(): Promise<void>;
};

/** The identity whose passwords may only pull, by its access key. */
export const PULLER_KEY = 'AKIDPULLER';

/**
 * ECR's API in front of moto: what moto does goes there; what it does not, or does wrongly (passwords with an end,
 * BatchCheckLayerAvailability, throttling), is done here. Without moto repositories are made here too.
 */
export async function openEcrControl(deps: {
  registry: () => TestRegistry;
  tokens: EcrTokens;
  limits: ActionLimits;
  /** Has it been uploaded long enough ago to be seen? */
  isVisible: (digest: Digest) => boolean;
  isArchived: (repository: RepositoryName, digest: Digest) => boolean;
  refuses: readonly string[];
  moto: string | undefined;
}): Promise<EcrControl> {
  const server = createServer((request, response) => {
    answer(request, response, deps).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { registry, tokens, limits, isVisible, isArchived, refuses, moto }: Parameters<typeof openEcrControl>[0],
): Promise<void> {
  const bytes = await readBody(request, 5_000_000);
  const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
  const input = JSON.parse(bytes.toString() || '{}');
  const reply = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  };
  if (!limits.take(operation)) return reply(400, { __type: 'ThrottlingException', message: 'Rate exceeded' });
  if (refuses.includes(operation))
    return reply(400, { __type: 'AccessDeniedException', message: `not authorized to perform: ecr:${operation}` });
  const { storage, url } = registry();
  if (operation === 'GetAuthorizationToken') {
    const { token, endsAtMs } = tokens.issue(!String(request.headers.authorization).includes(PULLER_KEY));
    const data = { authorizationToken: token, expiresAt: endsAtMs / 1_000, proxyEndpoint: url };
    return reply(200, { authorizationData: [data] });
  }
  const name = parseRepositoryName(String(input.repositoryName));
  if (operation === 'BatchCheckLayerAvailability') {
    if (!(await storage.hasRepository(name)))
      return reply(400, { __type: 'RepositoryNotFoundException', message: `The repository '${name}' does not exist` });
    const digests: string[] = input.layerDigests;
    if (digests.length < 1 || digests.length > 100)
      return reply(400, { __type: 'InvalidParameterException', message: '1 to 100 layer digests' });
    const layers = await Promise.all(
      digests.map(async (layerDigest) => {
        const found =
          isDigest(layerDigest) && isVisible(layerDigest) ? await storage.findBlob(name, layerDigest) : undefined;
        return found === undefined
          ? { layerDigest, layerAvailability: 'UNAVAILABLE' }
          : { layerDigest, layerAvailability: 'AVAILABLE', layerSize: found.sizeBytes };
      }),
    );
    return reply(200, { layers, failures: [] });
  }
  if (operation === 'BatchGetImage') {
    if (!(await storage.hasRepository(name)))
      return reply(400, { __type: 'RepositoryNotFoundException', message: `The repository '${name}' does not exist` });
    const asked: { imageDigest?: string; imageTag?: string }[] = input.imageIds;
    if (asked.length < 1 || asked.length > 100)
      return reply(400, { __type: 'InvalidParameterException', message: '1 to 100 image ids' });
    const found = await Promise.all(
      asked.map(async ({ imageDigest, imageTag }) => {
        const reference = imageDigest === undefined ? parseTag(String(imageTag)) : parseDigest(imageDigest);
        const stored = await storage.findManifest(name, reference);
        if (stored === undefined || isArchived(name, stored.digest)) return undefined;
        const imageId = { imageDigest: stored.digest, ...(imageTag === undefined ? {} : { imageTag }) };
        return { imageId, imageManifest: Buffer.from(stored.bytes).toString('utf8') };
      }),
    );
    const images = found.filter((image) => image !== undefined);
    const failures = asked
      .filter((_, n) => found[n] === undefined)
      .map((imageId) => ({ imageId, failureCode: 'ImageNotFound', failureReason: 'Requested image not found' }));
    return reply(200, { images, failures });
  }
  if (moto === undefined) {
    if (operation !== 'CreateRepository') return reply(400, { __type: 'InvalidActionException' });
    if (await storage.hasRepository(name)) return reply(400, { __type: 'RepositoryAlreadyExistsException' });
    await storage.createRepository(name);
    return reply(200, { repository: { repositoryName: name } });
  }
  const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
  const passed = await fetch(moto, {
    method: 'POST',
    headers: headers as Record<string, string>,
    body: Uint8Array.from(bytes),
  });
  const text = await passed.text();
  if (operation === 'CreateRepository' && passed.ok) await storage.createRepository(name);
  response.writeHead(passed.status, { 'content-type': 'application/x-amz-json-1.1' }).end(text);
}
