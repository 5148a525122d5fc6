import type { AgentContext, AgentPart } from './agent-part.ts';
import { openAnswers } from './open-answers.ts';
import { openRegistryWatch } from './registry-watch.ts';
import { openSiteCopy } from './site-copy.ts';
import { SiteRegistries } from './site-registries.ts';

/** Everything that an agent does, in the order in which it starts. */
export function openAgentParts(context: AgentContext): readonly AgentPart[] {
  const { log } = context;
  const registries = new SiteRegistries(context);
  const copy = openSiteCopy(context);
  copy.onSnapshot((snapshot) => {
    registries
      .take(snapshot)
      .catch((error: unknown) => log.error({ event: 'registries not taken', error: `${error}` }));
  });
  const clients: AgentPart = {
    name: 'registries',
    start: () => registries.start(),
    close: () => registries.close(),
  };
  const watch = openRegistryWatch(context, registries, copy.failover, () => copy.answers.changed());
  return [clients, copy, watch, openAnswers(context, copy)];
}
