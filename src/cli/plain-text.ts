// C0 and C1 controls (escape sequences begin with one), line and paragraph separators, and the characters that change
// the direction of writing: a name that a registry or caller made up must not be able to redraw somebody's terminal.
const HOSTILE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu;

/** Text from elsewhere as one line that a terminal can be given: whatever controls a terminal becomes a space. */
export function plainText(text: string): string {
  return text.replace(HOSTILE, ' ');
}
