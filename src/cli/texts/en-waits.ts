/** What a benchmark waits for, by the API's word. */
export const waitTexts: Readonly<Record<string, string>> = {
  turn: 'another benchmark',
  budget: 'the budget of the day',
  quiet: 'the end of quiet hours',
};
