import type { EntrepotEvent } from '../events/event.ts';
import { type Occurrence, QUIET } from './notice.ts';
import { en } from './texts/en.ts';

type EventOf<T extends EntrepotEvent['type']> = Extract<EntrepotEvent, { type: T }>;

/** A registry that answers, or does not. */
export function ofHealth({ registry, healthy, reason }: EventOf<'registry.health'>, at: number): Occurrence {
  const about = {
    ...{ ...QUIET, registry, at, trouble: `registry ${registry}`, path: '/v1/registries' },
    stage: 'registry',
  } as const;
  return healthy
    ? {
        ...{ ...about, event: 'registry.up', outcome: 'up', mood: 'good', detail: en.details.registryUp },
        ...{ onlyAfterTrouble: true, ends: 'registry.down' },
      }
    : { ...about, event: 'registry.down', outcome: 'down', mood: 'bad', detail: reason ?? en.details.unknown };
}

/** The agent of a site that is heard of, or not any more. */
export function ofAgent({ site, isHeard, lastHeardAt }: EventOf<'agent.heard'>, at: number): Occurrence {
  const about = { ...QUIET, at, trouble: `agent ${site}`, stage: 'agent' } as const;
  return isHeard
    ? {
        ...{ ...about, event: 'agent.back', outcome: 'back', mood: 'good', detail: en.details.agentBack(site) },
        ...{ onlyAfterTrouble: true, ends: 'agent.lost' },
      }
    : {
        ...{ ...about, event: 'agent.lost', outcome: 'lost', mood: 'bad' },
        detail: en.details.agentLost(site, new Date(lastHeardAt).toISOString()),
      };
}

/** The service's own certificate that ends soon, or was renewed. */
export function ofCertificate({ endsAt, isEnding, isRefused }: EventOf<'certificate.looked'>, at: number): Occurrence {
  const about = { ...QUIET, at, trouble: 'certificate', stage: 'certificate' } as const;
  const end = new Date(endsAt).toISOString();
  return isEnding
    ? {
        ...{ ...about, event: 'certificate.ends', outcome: 'ending', mood: 'bad' },
        detail: en.details.certificateEnds(end, isRefused),
      }
    : {
        ...{ ...about, event: 'certificate.renewed', outcome: 'renewed', mood: 'good' },
        ...{ detail: en.details.certificateRenewed(end), onlyAfterTrouble: true, ends: 'certificate.ends' },
      };
}
