/** Why a campaign does not go on: another one runs, the bytes of the day are used up, it is a quiet hour, or an agent is away. */
export type BenchmarkWait = 'turn' | 'budget' | 'quiet' | 'agent';
