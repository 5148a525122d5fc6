import { formatLocalTime } from '../instant-text.ts';

/** What a benchmark waits for, by the API's word. */
const waitTexts: Readonly<Record<string, string>> = {
  turn: 'another benchmark',
  budget: 'the budget of the day',
  quiet: 'the end of quiet hours',
};

type Agent = { readonly site: string; readonly agent: string | null; readonly seenAt: string | null };

/** Which agents a benchmark waits for. */
export function agentsText(agents: readonly Agent[]): string {
  return agents.map(agentText).join(' and ');
}

function agentText({ site, agent, seenAt }: Agent): string {
  if (agent === null || seenAt === null)
    return `an agent at ${site} (none has come yet: entrepot agent --site ${site})`;
  return `the agent ${agent} at ${site} (last heard of ${formatLocalTime(seenAt)})`;
}

/** Why a benchmark goes on without a registry, by the API's word. */
const leftOutTexts: Readonly<Record<string, string>> = {
  unreachable: 'does not answer',
  budget: 'its bytes of the day are used up',
};

type Progress = {
  readonly roundsDone: number;
  readonly rounds: number;
  readonly samples: number;
  readonly leftOut: readonly { readonly registry: string; readonly reason: string }[];
};

/** How far a benchmark is, whom it goes on without, and what it waits for: by the API's word, or told. */
export function progressText({ roundsDone, rounds, samples, leftOut }: Progress, waitsFor: string | null): string {
  const plural = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`;
  const waits = waitsFor === null ? '' : `; waits for ${waitTexts[waitsFor] ?? waitsFor}`;
  const without = leftOut.map(({ registry, reason }) => `; without ${registry} (${leftOutTexts[reason] ?? reason})`);
  return `${roundsDone} of ${plural(rounds, 'round')} done, ${plural(samples, 'sample')}${without.join('')}${waits}`;
}
