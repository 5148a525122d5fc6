import { formatDuration } from '../../kernel/duration.ts';
import type { Notice } from '../notice.ts';

/** Everything that people read in a notice. */
export const en = {
  headline: ({ outcome, stage, image, registry, detail }: Notice) =>
    `[${outcome}][${stage}]${image === null ? '' : `[${image}]`}${registry === null ? '' : ` ${registry}:`} ${detail}`,
  took: (ms: number) => `took ${formatDuration(roundMs(ms))}`,
  repeated: (count: number, since: string) => `failed ${count} times since ${since}`,
  recovered: (count: number, since: string) =>
    `well again after ${count} ${count === 1 ? 'failure' : 'failures'} since ${since}`,
  legs: (legs: readonly { registry: string; state: string }[]) =>
    legs.map(({ registry, state }) => `${registry} ${state}`).join(' · '),
  link: 'details',
  details: {
    pushPlaced: (registries: readonly string[]) => `placed at ${registries.join(', ')}`,
    pushFailed: (registries: readonly string[]) => `not placed at ${registries.join(', ')}`,
    placedAgain: 'placed',
    triesAgain: (error: string, attempts: number) => `${error} (attempt ${attempts}; it is tried again)`,
    placementLost: 'what was placed is not there any more; it is being brought back',
    placementRepaired: 'it is there again, and whole',
    chosen: (who: string, reason: string | null) => `chosen by ${who}${reason === null ? '' : `: ${reason}`}`,
    withdrawn: 'the choice was taken back',
    followed: (site: string, previous: string | null) =>
      `recommended for ${site}${previous === null ? '' : `, in place of ${previous}`}`,
    registryUp: 'answers again',
    agentLost: (site: string, since: string) =>
      `the agent of site ${site} has not been heard of since ${since}; clusters there go on with its copy`,
    agentBack: (site: string) => `the agent of site ${site} is heard of again`,
    certificateEnds: (end: string, isRefused: boolean) =>
      `the service's TLS certificate ends ${end}${isRefused ? ', and its files hold one that cannot be used' : ''}`,
    certificateRenewed: (end: string) => `the service's TLS certificate is good until ${end}`,
    diskFree: 'there is room again',
    unknown: 'no reason was told',
  },
  test: 'this is a test: notices arrive here',
};

/** To the second once it takes longer than one. */
function roundMs(ms: number): number {
  return ms < 1_000 ? Math.round(ms) : Math.round(ms / 1_000) * 1_000;
}
