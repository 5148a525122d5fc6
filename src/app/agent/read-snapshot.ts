import type { Resolve } from '../../api/schema/resolve-schema.ts';
import { type Snapshot, snapshotSchema } from '../../api/schema/snapshot-schema.ts';
import type { Resolution } from '../../choice/resolution.ts';
import type { SiteAnswer } from '../../choice/site-answers.ts';
import { Failure } from '../../kernel/failure.ts';
import { parseDigest } from '../../oci/digest.ts';
import { parseImageReference } from '../../oci/reference.ts';
import { parseTag } from '../../oci/tag.ts';
import { isSignedBy } from '../snapshot/snapshot-key.ts';

/**
 * The bytes of a snapshot, checked: of this site, of the right form, and signed by the pinned key; without a pinned
 * key by the one it names itself. Throws `remote_unexpected`.
 */
export function readSnapshot(bytes: Uint8Array, site: string, pinnedKey: string | undefined): Snapshot {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new Failure('remote_unexpected', 'the snapshot is not JSON', { cause });
  }
  const parsed = snapshotSchema.safeParse(value);
  if (!parsed.success) throw new Failure('remote_unexpected', `the snapshot is malformed: ${parsed.error.message}`);
  const snapshot = parsed.data;
  if (snapshot.site !== site)
    throw new Failure('remote_unexpected', `the snapshot is of site ${snapshot.site}, not of ${site}`);
  const { publicKey } = snapshot.signature;
  if (pinnedKey !== undefined && publicKey !== pinnedKey) {
    throw new Failure(
      'remote_unexpected',
      'the snapshot is signed by another key than this agent has known its service by; if the service has moved to a new data folder, remove service-key from the folder of the agent',
    );
  }
  // As it came: the signature is over everything in it, fields that this version does not know included.
  if (!isSignedBy(value as Snapshot, publicKey))
    throw new Failure('remote_unexpected', 'the signature of the snapshot is not right');
  return snapshot;
}

/** The answers of a snapshot as resolving takes them. */
export function toSiteAnswers(snapshot: Snapshot): readonly SiteAnswer[] {
  return snapshot.answers.flatMap(({ cluster, image, answer, problem }): SiteAnswer[] => {
    if (answer !== null) return [{ cluster, image, resolution: toResolution(image, answer) }];
    if (problem === null) return [];
    const { code, detail, push } = problem;
    const extensions = push === undefined ? {} : { extensions: { push } };
    return [{ cluster, image, failure: new Failure(code, detail, extensions) }];
  });
}

function toResolution(image: string, answer: Resolve): Resolution {
  return {
    ...answer,
    name: parseImageReference(image).name,
    digest: parseDigest(answer.digest),
    sourceDigest: parseDigest(answer.sourceDigest),
    tag: answer.tag === null ? null : parseTag(answer.tag),
    verifiedAt: Date.parse(answer.verifiedAt),
    asOf: Date.parse(answer.asOf),
    alternatives: answer.alternatives.map((each) => ({ ...each, verifiedAt: Date.parse(each.verifiedAt) })),
  };
}
