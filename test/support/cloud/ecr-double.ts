import type { IncomingMessage } from 'node:http';
import { type RegistryAnswer, refuse } from '../../../src/api/v2/registry-answer.ts';
import type { RegistryFolder } from '../../../src/depot/registry-folder/registry-folder.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import type { RepositoryName } from '../../../src/oci/repository-name.ts';
import { openTestRegistry, type TestRegistry } from '../registry.ts';
import { ActionLimits } from './action-limits.ts';
import { openEcrControl } from './ecr-control.ts';
import { EcrTokens } from './ecr-tokens.ts';

/** The least size of every part of a layer but the last. Source: ECR service quotas, 2026-11-23. */
const MIN_PART_BYTES = 5 * 1024 * 1024;

export type EcrDoubleOptions = {
  /** Where moto_server is, for the control plane. */
  readonly moto?: string;
  /** Default 12 h, as ECR's. */
  readonly tokenLifeMs?: number;
  /** Requests a second by action; what is not named is not limited. */
  readonly limits?: Readonly<Record<string, number>>;
  /** So many manifests in a row are refused because the validator does not see their blobs yet. */
  readonly validatorLag?: number;
  /** So long after its upload a layer is not seen, neither by the validator nor by BatchCheckLayerAvailability. */
  readonly visibleAfterMs?: number;
  readonly immutableTags?: boolean;
  /** The account has opted in to blob mounting. */
  readonly mounting?: boolean;
  /** Actions of the control plane that no identity may do. */
  readonly refuses?: readonly string[];
  readonly folder?: string;
};

/** Amazon ECR in one region, as docs/registries.md says it is: control plane, data plane, quotas, and all its oddities. */
export type EcrDouble = AsyncDisposable & {
  readonly registry: TestRegistry;
  /** Of the control plane: AWS_ENDPOINT_URL_ECR. */
  readonly apiUrl: string;
  readonly limits: ActionLimits;
  /** From now on every password so far is refused. */
  expireTokens(): void;
  /** Moves an image to the archive, as a lifecycle policy does: pulling it is 404 until it is pushed again. */
  archive(repository: RepositoryName, digest: Digest): Promise<void>;
  /** Removes an image with its tags, as a lifecycle policy does, and then the layers that no other tag names. */
  expire(repository: RepositoryName, digest: Digest): Promise<void>;
};

export async function openEcrDouble(options: EcrDoubleOptions = {}): Promise<EcrDouble> {
  let registry: TestRegistry | undefined;
  const opened = (): TestRegistry => {
    if (registry === undefined) throw new Error('the registry is not open yet');
    return registry;
  };
  const limits = new ActionLimits(options.limits);
  const tokens = new EcrTokens(options.tokenLifeMs ?? 12 * 3_600_000, () => opened().url);
  const smallParts = new Set<string>();
  const lag = new Map<Digest, number>();
  const uploadedMs = new Map<string, number>();
  const archived = new Map<string, Digest>();
  const isVisible = (digest: Digest) =>
    performance.now() - (uploadedMs.get(digest) ?? 0) >= (options.visibleAfterMs ?? 0);
  const findArchived = ({ url = '' }: IncomingMessage): RegistryAnswer | undefined => {
    const [, repository = '', reference = ''] = /^\/v2\/(.+)\/manifests\/([^/?]+)/.exec(url) ?? [];
    return archived.has(`${repository} ${decodeURIComponent(reference)}`)
      ? refuse('MANIFEST_UNKNOWN', 'Requested image not found', { status: 404 })
      : undefined;
  };
  registry = await openTestRegistry({
    ecr: true,
    createRepositories: false,
    redirectBlobs: true,
    immutableTags: options.immutableTags ?? false,
    referrers: false,
    ...(options.mounting ? {} : { mounts: 'ignore' }),
    auth: { kind: 'own', access: tokens.access },
    intercept: (request) => {
      const action = actionOf(request);
      if (action !== undefined && !limits.take(action))
        return refuse('TOOMANYREQUESTS', 'Rate exceeded', { status: 429 });
      if (action === 'CompleteLayerUpload') noteUpload(request, uploadedMs);
      if (action === 'BatchGetImage') return findArchived(request);
      return refuseSmallPart(request, smallParts);
    },
    checkManifest: async ({ manifest }) => {
      const blobs = manifest.kind === 'image' ? [manifest.config, ...manifest.layers] : [];
      if (blobs.some(({ digest }) => !isVisible(digest)))
        return refuse('BLOB_UNKNOWN', 'Required layers are not available yet', { status: 404 });
      // Pushing an archived image again restores it.
      for (const [key, digest] of archived) if (digest === manifest.digest) archived.delete(key);
      const refused = lag.get(manifest.digest) ?? 0;
      if (refused >= (options.validatorLag ?? 0)) return undefined;
      lag.set(manifest.digest, refused + 1);
      return refuse('BLOB_UNKNOWN', 'Required layers are not available yet', { status: 404 });
    },
    ...(options.folder === undefined ? {} : { folder: options.folder }),
  });
  const control = await openEcrControl({
    registry: opened,
    tokens,
    limits,
    isVisible,
    isArchived: (repository, digest) => archived.has(`${repository} ${digest}`),
    refuses: options.refuses ?? [],
    moto: options.moto,
  });
  return {
    registry,
    apiUrl: control.url,
    limits,
    expireTokens: () => tokens.expire(),
    async archive(repository, digest) {
      archived.set(`${repository} ${digest}`, digest);
      const { storage } = opened();
      for (const tag of (await storage.listTags(repository)) ?? [])
        if ((await storage.findTag(repository, tag)) === digest) archived.set(`${repository} ${tag}`, digest);
    },
    expire: (repository, digest) => removeImage(opened().storage, repository, digest),
    async [Symbol.asyncDispose]() {
      await control.close();
      await registry.close();
    },
  };
}

async function removeImage(storage: RegistryFolder, repository: RepositoryName, digest: Digest): Promise<void> {
  const blobsOf = async (reference: Digest): Promise<readonly Digest[]> => {
    const stored = await storage.findManifest(repository, reference);
    const { config, layers = [] } = stored === undefined ? {} : JSON.parse(Buffer.from(stored.bytes).toString());
    return [config, ...layers].flatMap((blob) => (blob === undefined ? [] : [blob.digest]));
  };
  const unneeded = new Set(await blobsOf(digest));
  await storage.deleteManifest(repository, digest);
  for (const tag of (await storage.listTags(repository)) ?? []) {
    const named = await storage.findTag(repository, tag);
    for (const needed of named === undefined ? [] : await blobsOf(named)) unneeded.delete(needed);
  }
  for (const blob of unneeded) await storage.deleteBlob(repository, blob);
}

/** Which of ECR's actions a request of docker's counts as. */
function actionOf({ method = '', url = '' }: IncomingMessage): string | undefined {
  if (/\/manifests\//.test(url)) return method === 'PUT' ? 'PutImage' : 'BatchGetImage';
  if (/\/blobs\/uploads\/?(\?|$)/.test(url)) return method === 'POST' ? 'InitiateLayerUpload' : undefined;
  if (/\/blobs\/uploads\//.test(url)) return method === 'PUT' ? 'CompleteLayerUpload' : 'UploadLayerPart';
  if (/\/blobs\//.test(url)) return method === 'HEAD' ? 'BatchCheckLayerAvailability' : 'GetDownloadUrlForLayer';
  return undefined;
}

function noteUpload({ url = '' }: IncomingMessage, uploadedMs: Map<string, number>): void {
  const digest = new URL(url, 'http://ecr').searchParams.get('digest');
  if (digest !== null) uploadedMs.set(digest, performance.now());
}

/** A part that is not the last must not be small; that it was not the last shows when another follows. */
function refuseSmallPart(
  { method, url = '', headers }: IncomingMessage,
  small: Set<string>,
): RegistryAnswer | undefined {
  const session = /\/blobs\/uploads\/([0-9a-f-]{36})/.exec(url)?.[1];
  const sizeBytes = Number(headers['content-length'] ?? 0);
  if (session === undefined || (method !== 'PATCH' && method !== 'PUT')) return undefined;
  if (small.has(session) && sizeBytes > 0)
    return refuse('BLOB_UPLOAD_INVALID', 'Layer parts must be at least 5242880 bytes in size', { status: 400 });
  if (method === 'PATCH' && sizeBytes < MIN_PART_BYTES) small.add(session);
  return undefined;
}
