/** Why nothing was begun at a time of a schedule, by the API's word. */
const passedOverTexts: Readonly<Record<string, string>> = {
  not_running: 'the service was down',
  still_running: 'the last one was still running',
  quiet_hours: 'a quiet hour',
  budget_used_up: 'the bytes of the day were used up',
  refused: 'refused',
};

/** The benchmarks that begin by themselves. */
export const scheduleTexts = {
  when: 'WHEN',
  measures: 'MEASURES',
  plan: (rounds: number, legs: readonly string[], sites: readonly string[] | null) =>
    [
      `${rounds} ${rounds === 1 ? 'round' : 'rounds'}`,
      ...(legs.includes('upload') ? ['up'] : []),
      ...(legs.includes('download') ? [sites === null ? 'down' : `down to ${sites.join(', ')}`] : []),
    ].join(', '),
  next: 'NEXT',
  last: 'LAST',
  passedOver: (reason: string | null, detail: string | null) =>
    `passed over: ${passedOverTexts[reason ?? ''] ?? reason ?? '?'}${detail === null ? '' : ` (${detail})`}`,
};
