/** One connection against eight. */
export const flowTexts = {
  heading: 'One connection against eight, with cubic congestion control (has no part in the recommendation):',
  one: 'ONE',
  eight: 'EIGHT',
  ratio: 'RATIO',
  verdict: 'THE PATH IS',
};
