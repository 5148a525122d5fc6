import type { Changes } from './schema.ts';

type Accepted = { readonly pushId: string; readonly name: string; readonly tag: string; readonly acceptedAt: number };

/** Records what a tag means from `acceptedAt` on. The push must have been recorded in the same transaction. */
export async function acceptRelease(trx: Changes, release: Accepted): Promise<void> {
  await trx
    .insertInto('releases')
    .values({ ...release, digest: null, holds: 1 })
    .execute();
  await settleRelease(trx, release.pushId);
}

/**
 * Brings a release, and what its tag means, in line with its push. A release holds while its push runs or once it has
 * had a digest; one whose push ended without ever having had one does not, and the tag means again what it meant
 * before. A push that is retried holds anew.
 */
export async function settleRelease(trx: Changes, pushId: string): Promise<void> {
  const release = await trx
    .selectFrom('releases')
    .innerJoin('pushes', 'pushes.id', 'releases.pushId')
    .select(['releases.name', 'releases.tag', 'releases.digest as saidBefore', 'pushes.digest', 'pushes.state'])
    .where('releases.pushId', '=', pushId)
    .executeTakeFirst();
  if (release === undefined) return;
  const digest = release.digest ?? release.saidBefore;
  const holds = digest !== null || release.state === 'running' ? 1 : 0;
  await trx.updateTable('releases').set({ digest, holds }).where('pushId', '=', pushId).execute();
  await deriveTag(trx, release.name, release.tag);
}

async function deriveTag(trx: Changes, name: string, tag: string): Promise<void> {
  const newest = await trx
    .selectFrom('releases')
    .select(['name', 'tag', 'pushId', 'digest', 'acceptedAt'])
    .where('name', '=', name)
    .where('tag', '=', tag)
    .where('holds', '=', 1)
    .orderBy('acceptedAt', 'desc')
    .orderBy('pushId', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (newest === undefined) {
    await trx.deleteFrom('tags').where('name', '=', name).where('tag', '=', tag).execute();
    return;
  }
  const { pushId, digest, acceptedAt } = newest;
  await trx
    .insertInto('tags')
    .values(newest)
    .onConflict((conflict) => conflict.columns(['name', 'tag']).doUpdateSet({ pushId, digest, acceptedAt }))
    .execute();
}
