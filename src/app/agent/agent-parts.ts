import type { IncomingMessage } from 'node:http';
import { CallLimits, DEFAULT_ACCESS_LIMITS } from '../../access/call-limits.ts';
import { CopiedTokens } from '../../access/copied-tokens.ts';
import { Gatekeeper } from '../../access/gatekeeper.ts';
import { RequestIds } from '../../api/request-ids.ts';
import { findStaleWarning } from '../../api/stale-warning.ts';
import { HashThread } from '../../depot/hash-thread.ts';
import { KnownCodes } from '../../pull/known-codes.ts';
import { BlockCodeFile } from '../../store/block-code-file.ts';
import { DoorIdentities } from '../access/door-identities.ts';
import { openDoorKeys } from '../access/door-keys.ts';
import { openPullDoor } from '../pull/open-pull-door.ts';
import { v2Shortcut } from '../pull/v2-shortcut.ts';
import type { AgentContext, AgentPart } from './agent-part.ts';
import { KeptManifests } from './kept-manifests.ts';
import { openAnswers } from './open-answers.ts';
import { openRegistryWatch } from './registry-watch.ts';
import { openSiteCopy } from './site-copy.ts';
import { SiteRegistries } from './site-registries.ts';
import { SiteSampler } from './site-sampler.ts';
import { SiteUses } from './site-uses.ts';
import { siteView } from './site-view.ts';

/** Everything that an agent does, in the order in which it starts. */
export function openAgentParts(context: AgentContext): readonly AgentPart[] {
  const { log, clock } = context;
  const registries = new SiteRegistries(context);
  const uses = new SiteUses(context);
  const copy = openSiteCopy(context, uses);
  const { answers } = copy;
  const tokens = new CopiedTokens(clock);
  const gatekeeper = new Gatekeeper({
    authenticator: tokens,
    anonymous: () => copy.snapshot?.anonymous ?? 'none',
    limits: new CallLimits(DEFAULT_ACCESS_LIMITS, clock),
  });
  const identities = new DoorIdentities({
    gatekeeper,
    findByHash: (hash) => tokens.findByHash(hash),
    clusters: () => answers.clusters,
    clock,
    keys: openDoorKeys(context.folder, clock.nowMs()),
  });
  const manifests: KeptManifests = new KeptManifests(context, (cluster) => door.pullsOf(cluster));
  const onTrouble = (error: string) => log.warn({ event: 'codes of blocks not kept', error });
  const knownCodes = new KnownCodes({ shelf: new BlockCodeFile({ folder: context.folder, onTrouble }) });
  const hashThread = new HashThread((digest, codes) => knownCodes.keep(digest, codes));
  const door = openPullDoor({
    clusters: () => answers.clusters,
    // One that names nothing and shows no cluster's token pulls, if it may, in the order of the first.
    access: (cluster) => identities.access(cluster),
    cluster: async (incoming) => (await identities.findPrincipal(incoming))?.cluster ?? answers.clusters[0]?.name,
    viewOf: (cluster) => siteView(cluster, answers, registries),
    shelf: manifests,
    openHash: (algorithm, sizeBytes) => hashThread.open(algorithm, sizeBytes),
    knownCodes,
    log,
    warning: () => findStaleWarning(answers, clock),
  });
  copy.onSnapshot((snapshot) => {
    tokens.take(snapshot.tokens);
    registries
      .take(snapshot)
      .then(() => manifests.want(snapshot))
      .catch((error: unknown) => log.error({ event: 'registries not taken', error: `${error}` }));
  });
  const callerOf = async (incoming: IncomingMessage) => (await identities.findPrincipal(incoming))?.name;
  const clients: AgentPart = {
    name: 'registries',
    start: () => registries.start(),
    async close() {
      door.close();
      await hashThread.close();
      knownCodes.close();
      await registries.close();
    },
  };
  const watch = openRegistryWatch(context, registries, copy.failover, () => answers.changed());
  return [
    clients,
    manifests,
    copy,
    watch,
    uses,
    new SiteSampler(context, registries),
    openAnswers(context, { answers, gatekeeper }, v2Shortcut([door], { log, clock, ids: new RequestIds(), callerOf })),
  ];
}
