import { ALL_PLATFORMS, platformsIn } from '../oci/platform-set.ts';
import type { ClusterEntry } from '../regions/world.ts';
import type { MeantRelease } from './meant-release.ts';
import type { PullOrder } from './pull-order.ts';
import type { PushSummary } from './push-activity.ts';

/** Why an answer is not from the registry that is wanted, in one sentence without its full stop. */
export function describeFallback(
  order: PullOrder,
  found: { push: PushSummary; isBringing: boolean } | undefined,
): string {
  if (order.wanted === null) return order.wantedBecause;
  if (order.obstacle !== null) return `${order.wantedBecause} but ${order.obstacle}`;
  const lacking = `${order.wantedBecause} but does not have the image yet`;
  if (found === undefined) return `${lacking}, and no push is bringing it`;
  return found.isBringing
    ? `${lacking}; push ${found.push.id} is bringing it`
    : `${lacking}; ${describePush(found.push)}`;
}

/** Why there is no answer for a cluster though the release is known, without the push. */
export function describeNotPlaced(release: MeantRelease, cluster: ClusterEntry, order: PullOrder): string {
  const { name, tag, meant } = release;
  if (meant === null) return `${name}:${tag} has no digest yet, its source has not said it`;
  const part = meant.platformSet === ALL_PLATFORMS ? '' : ` for ${platformsIn(meant.platformSet).join(' and ')}`;
  const which = tag === null ? `${name}@${meant.sourceDigest}${part}` : `${name}:${tag} (${meant.sourceDigest}${part})`;
  if (!meant.isPlaced) return `${which} is placed nowhere yet`;
  const from = order.registries.map((registry) => registry.name).join(', ') || 'no enabled registry';
  return `${which} is placed at ${meant.registries.join(', ')}, but cluster ${cluster.name} pulls from ${from}`;
}

/** How a push stands, as part of a sentence: `push psh_1 is under way (korea: waiting)`. */
export function describePush(push: PushSummary): string {
  if (push.state === 'failed') return `push ${push.id} failed`;
  if (push.state === 'cancelled') return `push ${push.id} was cancelled`;
  const open = push.transfers.filter((transfer) => transfer.state !== 'placed');
  const legs = open.map((transfer) => `${transfer.registry}: ${transfer.state}`).join(', ');
  return `push ${push.id} is ${push.state === 'running' ? 'under way' : 'only partly placed'}${legs === '' ? '' : ` (${legs})`}`;
}
