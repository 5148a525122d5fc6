import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { RegistryAccess } from '../../src/api/v2/registry-access.ts';
import { type RegistryAnswer, refuse } from '../../src/api/v2/registry-answer.ts';
import { openRegistryListener, type RegistryListener } from '../../src/api/v2/registry-listener.ts';
import type { RegistryOptions } from '../../src/api/v2/registry-settings.ts';
import { openRegistryFolder, type RegistryFolder } from '../../src/depot/registry-folder/registry-folder.ts';
import { type BasicAuth, openBasicAccess } from './basic-access.ts';
import { BearerAccess, type BearerAuth } from './bearer-access.ts';
import { BLOB_ORIGIN_PATH, BlobOrigin } from './blob-origin.ts';
import { Exchange, type LoggedRequest } from './exchange.ts';
import { type Fault, FaultScript } from './registry-faults.ts';
import { QuirkPlayer, type RegistryQuirks } from './registry-quirks.ts';
import { openTempFolder } from './temp-folder.ts';

export type TestRegistryOptions = RegistryQuirks &
  Pick<
    RegistryOptions,
    | 'referrers'
    | 'createRepositories'
    | 'anonymousMounts'
    | 'chunkMinBytes'
    | 'referrersPageBytes'
    | 'stallTimeoutMs'
    | 'checkManifest'
  > & {
    readonly auth?: BasicAuth | BearerAuth | { readonly kind: 'own'; readonly access: RegistryAccess };
    /** Answers in place of the registry, before anything else is looked at. */
    readonly intercept?: (request: IncomingMessage) => RegistryAnswer | undefined;
    /** Blob GETs are answered 307 to another origin, which refuses Authorization. */
    readonly redirectBlobs?: boolean;
    /** Manifests of these media types, or with a config of them, are refused as old Aliyun instances do. */
    readonly refuseTypes?: readonly string[];
    /** A tag that names a digest cannot name another. */
    readonly immutableTags?: boolean;
    /** Keep the content here instead of in a temporary folder, and leave it there. */
    readonly folder?: string;
  };

/** A real registry on loopback that remembers what it was asked and fails as it is told to. */
export type TestRegistry = AsyncDisposable & {
  /** Origin, `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** `127.0.0.1:PORT`, as image references begin. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  /** What the registry holds; the same folder before and after `stop` and `start`. */
  readonly storage: RegistryFolder;
  /** Every request in order of arrival, tokens and redirected blobs included. */
  readonly requests: readonly LoggedRequest[];
  count(method: string, path?: RegExp): number;
  forgetRequests(): void;
  /** Throws when a request came that none of the patterns matches; they are matched against `METHOD /path?query`. */
  expectOnly(...patterns: RegExp[]): void;
  /** Scripts a fault for the next request of the method (`*` for any) that it matches. */
  failNext(method: string, fault: Fault): void;
  /** From now on every Bearer token issued so far is answered as expired. */
  expireTokens(): void;
  /** Goes away as a dead region does: connections are cut, new ones refused. */
  stop(): Promise<void>;
  /** Comes back at the same address with the same content; upload sessions too. */
  start(): Promise<void>;
  /** Ends everything; throws when a scripted fault did not happen. */
  close(): Promise<void>;
};

export async function openTestRegistry(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  const tempFolder = options.folder === undefined ? await openTempFolder('registry') : undefined;
  const folder = options.folder ?? tempFolder?.path ?? '';
  const faults = new FaultScript();
  const requests: LoggedRequest[] = [];
  let storage: RegistryFolder;
  let listener: RegistryListener;
  let origin: BlobOrigin;
  let server: Server | undefined;
  let blobServer: Server | undefined;
  let port = 0;
  let blobPort = 0;
  const url = () => `http://127.0.0.1:${port}`;
  const quirks = new QuirkPlayer(options, () => storage);
  const bearer = options.auth?.kind === 'bearer' ? new BearerAccess(options.auth, url) : undefined;
  const { auth } = options;
  const access = auth?.kind === 'basic' ? openBasicAccess(auth) : auth?.kind === 'own' ? auth.access : bearer;

  const accept = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? '';
    const exchange = new Exchange(request, response, faults.take(request.method ?? '', path));
    requests.push(exchange.logged);
    request.on('error', () => {});
    response.on('error', () => {});
    exchange
      .run(() => {
        if (path.startsWith(BLOB_ORIGIN_PATH)) origin.answer(request, response);
        else if (bearer?.isTokenRequest(request)) bearer.answerTokenRequest(request, response);
        else if (answerInstead(options.intercept?.(request), request, response)) return;
        else if (quirks.play(exchange, url())) listener(request, response);
      })
      .catch(() => response.destroy());
  };
  const checkManifest: NonNullable<RegistryOptions['checkManifest']> = async (put) => {
    const { manifest, repository, tags } = put;
    const types = manifest.kind === 'image' ? [manifest.mediaType, manifest.config.mediaType] : [manifest.mediaType];
    const refused = types.find((type) => options.refuseTypes?.includes(type));
    if (refused !== undefined) return refuse('DENIED', `unknown manifest class for ${refused}`, { status: 403 });
    for (const tag of options.immutableTags ? tags : []) {
      const now = await storage.findTag(repository, tag);
      if (now !== undefined && now !== manifest.digest) {
        const message = `The image tag '${tag}' already exists in the '${repository}' repository and cannot be overwritten because the repository is immutable`;
        return refuse('TAG_INVALID', message);
      }
    }
    return options.checkManifest?.(put);
  };

  const start = async (): Promise<void> => {
    storage = await openRegistryFolder({ folder, durable: false });
    origin = new BlobOrigin(storage);
    listener = openRegistryListener({
      ...options,
      storage,
      checkManifest,
      ...(access === undefined ? {} : { access }),
      ...(options.redirectBlobs
        ? { redirectBlob: async (name, digest) => origin.presign(`http://127.0.0.1:${blobPort}`, name, digest) }
        : {}),
    });
    [server, port] = await listen(accept, port);
    if (options.redirectBlobs) [blobServer, blobPort] = await listen(accept, blobPort);
  };
  const stop = async (): Promise<void> => {
    await Promise.all([server, blobServer].map((open) => (open === undefined ? undefined : stopListening(open))));
    if (server === undefined) return;
    server = undefined;
    blobServer = undefined;
    listener.close();
    await storage.close();
  };
  const close = async (): Promise<void> => {
    await stop();
    await tempFolder?.remove();
    const unused = faults.findUnused();
    if (unused.length > 0) throw new Error(`faults that did not happen at ${url()}: ${unused.join('; ')}`);
  };

  await start();
  return {
    url: url(),
    address: `127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    get storage() {
      return storage;
    },
    requests,
    count: (method, path) =>
      requests.filter((request) => request.method === method && (path === undefined || path.test(request.path))).length,
    forgetRequests: () => {
      requests.length = 0;
    },
    expectOnly: (...patterns) => {
      const others = requests
        .map(({ method, path }) => `${method} ${path}`)
        .filter((line) => !patterns.some((pattern) => pattern.test(line)));
      if (others.length > 0) throw new Error(`requests that were not expected: ${others.join('; ')}`);
    },
    failNext: (method, fault) => faults.add(method, fault),
    expireTokens: () => bearer?.expireTokens(),
    stop,
    start,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function answerInstead(
  answer: RegistryAnswer | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (answer === undefined) return false;
  response.writeHead(answer.status, { ...answer.headers });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
  request.resume();
  return true;
}

async function listen(
  accept: (request: IncomingMessage, response: ServerResponse) => void,
  wantedPort: number,
): Promise<[Server, number]> {
  const server = createServer({ requestTimeout: 0 }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wantedPort, '127.0.0.1', resolve);
  });
  const address = server.address();
  return [server, typeof address === 'object' && address !== null ? address.port : wantedPort];
}

async function stopListening(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
