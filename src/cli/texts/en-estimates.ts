/** What is said of how fast a leg goes and of the time that is left. */
export const estimateTexts = {
  left: (duration: string, atWorst: string) =>
    atWorst === '' ? `${duration} left` : `${duration} left (${atWorst} in one of ten)`,
  rate: (rate: string, congestionControl: string) =>
    `${rate}/s${congestionControl === '' ? '' : ` by ${congestionControl}`}`,
  replaced: (count: number) => `${count} ${count === 1 ? 'connection' : 'connections'} replaced`,
  noHistory: 'no history yet',
};
