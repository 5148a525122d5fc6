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

/** How far a benchmark is, and what it waits for: by the API's word, or told. */
export function progressText(done: number, rounds: number, samples: number, waitsFor: string | null): string {
  const plural = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`;
  const waits = waitsFor === null ? '' : `; waits for ${waitTexts[waitsFor] ?? waitsFor}`;
  return `${done} of ${plural(rounds, 'round')} done, ${plural(samples, 'sample')}${waits}`;
}
