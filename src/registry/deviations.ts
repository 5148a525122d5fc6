import { isDigest } from '../oci/digest.ts';
import { hasErrorCode, type Refusal } from './answer-failure.ts';

/**
 * Where real registries differ from the text of distribution-spec 1.1, each with its source and the day it was looked
 * at. What is only lenient everywhere (a missing Location, 204 for 201) stands at its operation.
 */

/**
 * A chunk is accepted with 202; ECR answers 201.
 * Source: https://github.com/aws/containers-roadmap/issues/2831, 2026-11-23.
 */
export function isChunkAccepted(status: number): boolean {
  return status === 202 || status === 201 || status === 204;
}

/**
 * ECR names the offset it expects only in the text of its 416: "First byte of the layer part is 0 instead of
 * 11304960" expects 11304960.
 * Source: https://github.com/apple/containerization/issues/790, 2026-11-23.
 */
export function findExpectedOffset(refusal: Refusal): number | undefined {
  for (const text of [refusal.text, ...refusal.errors.map((error) => error.message)]) {
    const match = /first byte of the layer part is (?:\d+ instead of|not) (\d{1,15})/i.exec(text);
    if (match !== null) return Number(match[1]);
  }
  return undefined;
}

/**
 * A session that is gone is 404 BLOB_UPLOAD_UNKNOWN; docker-registry 2.8 answers 404 BLOB_UPLOAD_INVALID to a stale
 * Location, others send the code with 400.
 * Source: observed with docker-registry 2.8.2, 2026-11-23.
 */
export function isSessionLost(refusal: Refusal): boolean {
  return refusal.status === 404 || hasErrorCode(refusal, 'BLOB_UPLOAD_UNKNOWN');
}

/**
 * A mount that a registry will not do is an ordinary session by the text (202); some refuse it, with 401 or 403 where
 * only the source is out of reach, with 400 or 405 where they know no mounts. The plain POST decides.
 * Source: https://github.com/containerd/containerd/issues/14086, 2026-11-23.
 */
export function isMountRefused(refusal: Refusal): boolean {
  const { status } = refusal;
  return (
    status >= 400 &&
    status < 500 &&
    status !== 429 &&
    status !== 408 &&
    !hasErrorCode(refusal, 'NAME_UNKNOWN', 'TOOMANYREQUESTS')
  );
}

/**
 * A tag that may not move: ECR 400 TAG_INVALID "… cannot be overwritten because the repository is immutable", Harbor
 * 412 "… configured as immutable". No code of the specification says it.
 * Source: https://github.com/docker/buildx/issues/1660, 2026-11-23.
 */
export function isTagImmutable(refusal: Refusal, reference: string): boolean {
  if (isDigest(reference) || refusal.status < 400 || refusal.status >= 500) return false;
  return [refusal.text, ...refusal.errors.map((error) => error.message)].some((text) => /immutab/i.test(text));
}

/**
 * Aliyun ACR Personal, and Enterprise instances from before April 2024, take no manifest whose config is the empty
 * one, as the attestations of BuildKit from 0.32 on have it: "denied: unknown manifest class for
 * application/vnd.oci.empty.v1+json". That does not pass by waiting.
 * Source: https://github.com/koordinator-sh/koordinator/issues/3194, 2026-11-23.
 */
export function isAttestationRefused(refusal: Refusal): boolean {
  return [refusal.text, ...refusal.errors.map((error) => error.message)].some((text) =>
    /unknown manifest class/i.test(text),
  );
}

/**
 * The referrers API must exist by 1.1; older registries answer 404, or 405 or 400 UNSUPPORTED for what they do not know.
 * Source: https://github.com/aws/containers-roadmap/issues/2783, 2026-11-23.
 */
export function isReferrersUnsupported(refusal: Refusal): boolean {
  return [404, 405, 501].includes(refusal.status) || (refusal.status === 400 && hasErrorCode(refusal, 'UNSUPPORTED'));
}
