/** What is said of the time that is left. */
export const estimateTexts = {
  left: (duration: string, atWorst: string) =>
    atWorst === '' ? `${duration} left` : `${duration} left (${atWorst} in one of ten)`,
  noHistory: 'no history yet',
};
