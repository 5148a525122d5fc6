import { type Digest, isDigest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { formatHeldRange } from './content-range.ts';
import { answerEmpty, type RegistryAnswer, refuse } from './registry-answer.ts';
import type { FinishOutcome } from './registry-storage.ts';

/**
 * Where a session stands: its place, and what it holds. The place is relative, so that it is right behind any proxy
 * (distribution-spec 1.1, "Pushing blobs": clients must resolve it).
 */
export function answerUpload(
  status: number,
  repository: RepositoryName,
  id: string,
  sizeBytes: number,
): RegistryAnswer {
  return answerEmpty(status, {
    location: `/v2/${repository}/blobs/uploads/${id}`,
    range: formatHeldRange(sizeBytes),
    'docker-upload-uuid': id,
  });
}

/** 416 with what the session holds, for a chunk that begins elsewhere. Source: distribution-spec 1.1, "Pushing a blob in chunks". */
export function refuseOutOfOrder(repository: RepositoryName, id: string, sizeBytes: number): RegistryAnswer {
  return refuse('BLOB_UPLOAD_INVALID', `the chunk does not begin at byte ${sizeBytes}, where the upload stands`, {
    status: 416,
    headers: {
      location: `/v2/${repository}/blobs/uploads/${id}`,
      range: formatHeldRange(sizeBytes),
      'docker-upload-uuid': id,
    },
  });
}

export function refuseUnknownUpload(repository: RepositoryName): RegistryAnswer {
  return refuse('BLOB_UPLOAD_UNKNOWN', `${repository} has no such upload session`);
}

/** 201 with the place where a blob can be pulled. */
export function answerBlobCreated(repository: RepositoryName, digest: Digest): RegistryAnswer {
  return answerEmpty(201, { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest });
}

export function answerFinished(outcome: FinishOutcome, repository: RepositoryName, digest: Digest): RegistryAnswer {
  if (outcome.kind === 'unknown') return refuseUnknownUpload(repository);
  if (outcome.kind === 'stored') return answerBlobCreated(repository, digest);
  return refuse('DIGEST_INVALID', `the bytes are not ${digest}`, { detail: { actual: outcome.actual } });
}

/** The `digest` of a query, or the refusal of what it holds instead. */
export function parseDigestParameter(value: string | null): Digest | RegistryAnswer {
  if (value !== null && isDigest(value)) return value;
  return refuse(
    'DIGEST_INVALID',
    value === null ? 'the digest parameter is missing' : `"${value.slice(0, 160)}" is not a sha256 or sha512 digest`,
  );
}
