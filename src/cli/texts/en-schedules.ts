/** Why nothing was begun at a time of a schedule, by the API's word. */
const passedOverTexts: Readonly<Record<string, string>> = {
  not_running: 'the service was down',
  still_running: 'the last one ran still',
  quiet_hours: 'a quiet hour',
  budget_used_up: 'the bytes of the day were used up',
  refused: 'refused',
};

/** The benchmarks that begin by themselves. */
export const scheduleTexts = {
  next: 'NEXT',
  last: 'LAST',
  passedOver: (reason: string | null, detail: string | null) =>
    `passed over: ${passedOverTexts[reason ?? ''] ?? reason ?? '?'}${detail === null ? '' : ` (${detail})`}`,
};
