import { digestAlgorithm, isDigest } from '../../oci/digest.ts';
import { isRepositoryName, type RepositoryName } from '../../oci/repository-name.ts';
import { type RegistryAnswer, refuse } from './registry-answer.ts';
import type { RegistryCall, RegistrySettings } from './registry-settings.ts';
import {
  answerBlobCreated,
  answerFinished,
  answerUpload,
  parseDigestParameter,
  refuseUnknownUpload,
} from './upload-answer.ts';

/**
 * `POST /v2/NAME/blobs/uploads/`: mounts a blob (`mount`, `from`), takes a whole one (`digest`), or opens a session.
 * A mount that cannot be made opens a session instead, never an error: containerd gives up a push on 403.
 * Source: distribution-spec 1.1, "Pushing blobs" and "Mounting a blob from another repository".
 */
export async function startUpload(call: RegistryCall, repository: RepositoryName): Promise<RegistryAnswer> {
  const { query, settings } = call;
  const { storage } = settings;
  if (!settings.createRepositories && !(await storage.hasRepository(repository))) {
    return refuse('NAME_UNKNOWN', `the repository ${repository} does not exist`);
  }
  const mount = query.get('mount');
  if (mount !== null) {
    if (!isDigest(mount)) return refuse('DIGEST_INVALID', `"${mount.slice(0, 160)}" is not a sha256 or sha512 digest`);
    const source = findMountSource(query, settings);
    const mayLook = query.has('from') ? source !== undefined && call.wishGranted : settings.anonymousMounts;
    if (mayLook && (await storage.mountBlob(repository, mount, source))) return answerBlobCreated(repository, mount);
    return openSession(call, repository, digestAlgorithm(mount));
  }
  if (query.has('digest')) return takeWhole(call, repository);
  const algorithm = query.get('digest-algorithm') ?? 'sha256';
  if (algorithm !== 'sha256' && algorithm !== 'sha512') {
    return refuse(
      'DIGEST_INVALID',
      `digest algorithm "${algorithm.slice(0, 40)}" is not supported; sha256 and sha512 are`,
    );
  }
  return openSession(call, repository, algorithm);
}

/** The repository that a mount is to be made from, under the name as it is kept; undefined where none is named. */
export function findMountSource(
  query: URLSearchParams,
  { storedName }: Pick<RegistrySettings, 'storedName'>,
): RepositoryName | undefined {
  const from = storedName(query.get('from') ?? '');
  return isRepositoryName(from) ? from : undefined;
}

async function openSession(
  call: RegistryCall,
  repository: RepositoryName,
  algorithm: 'sha256' | 'sha512',
): Promise<RegistryAnswer> {
  const id = await call.settings.storage.startUpload(repository, algorithm);
  const answer = answerUpload(202, repository, id, 0);
  const minimum = call.settings.chunkMinBytes;
  return minimum === 0
    ? answer
    : { ...answer, headers: { ...answer.headers, 'oci-chunk-min-length': String(minimum) } };
}

async function takeWhole(call: RegistryCall, repository: RepositoryName): Promise<RegistryAnswer> {
  const { storage } = call.settings;
  const digest = parseDigestParameter(call.query.get('digest'));
  if (typeof digest !== 'string') return digest;
  const algorithm = digestAlgorithm(digest);
  const id = await storage.startUpload(repository, algorithm);
  try {
    const appended = await storage.appendUpload(repository, id, { body: call.request, offset: 0, algorithm });
    if (appended.kind !== 'appended') return refuseUnknownUpload(repository);
    return answerFinished(await storage.finishUpload(repository, id, digest), repository, digest);
  } catch (error) {
    // Nobody was told of this session: nobody can go on with it.
    await storage.cancelUpload(repository, id);
    throw error;
  }
}
