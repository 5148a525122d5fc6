import { findStaleWarning } from '../../api/stale-warning.ts';
import { openPullDoor } from '../pull/open-pull-door.ts';
import type { AgentContext, AgentPart } from './agent-part.ts';
import { KeptManifests } from './kept-manifests.ts';
import { openAnswers } from './open-answers.ts';
import { openRegistryWatch } from './registry-watch.ts';
import { openSiteCopy } from './site-copy.ts';
import { SiteRegistries } from './site-registries.ts';
import { siteView } from './site-view.ts';

/** Everything that an agent does, in the order in which it starts. */
export function openAgentParts(context: AgentContext): readonly AgentPart[] {
  const { log, clock } = context;
  const registries = new SiteRegistries(context);
  const copy = openSiteCopy(context);
  const { answers } = copy;
  const manifests: KeptManifests = new KeptManifests(context, (cluster) => door.pullsOf(cluster));
  const door = openPullDoor({
    clusters: () => answers.clusters,
    // One that names nothing is the site's only cluster, or pulls in the order of the first.
    cluster: () => answers.clusters[0]?.name,
    viewOf: (cluster) => siteView(cluster, answers, registries),
    shelf: manifests,
    log,
    warning: () => findStaleWarning(answers, clock),
  });
  copy.onSnapshot((snapshot) => {
    registries
      .take(snapshot)
      .then(() => manifests.want(snapshot))
      .catch((error: unknown) => log.error({ event: 'registries not taken', error: `${error}` }));
  });
  const clients: AgentPart = {
    name: 'registries',
    start: () => registries.start(),
    async close() {
      door.close();
      await registries.close();
    },
  };
  const watch = openRegistryWatch(context, registries, copy.failover, () => answers.changed());
  return [clients, manifests, copy, watch, openAnswers(context, copy, door.shortcut)];
}
