/** Why a campaign does not go on: another one runs, the bytes of the day are used up, or it is a quiet hour. */
export type BenchmarkWait = 'turn' | 'budget' | 'quiet';
