/** Keys and list positions from the root of the document down to a value. */
export type DocumentPath = readonly (string | number)[];

/** One thing wrong in the configuration. `detail` never holds a value that could be a secret. */
export type Mistake = {
  readonly path: DocumentPath;
  /** What to print in place of `path`, where its last key might be a secret. */
  readonly shownPath?: DocumentPath;
  readonly detail: string;
  /** What to point at: the value (default), the last key of the path, or an offset in the text. */
  readonly at?: 'value' | 'key' | number;
};

const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const MAX_KEY_SHOWN = 64;

/** `registries.singapore.kind`, `sources["harbor.bj"].url`, `standby["team/*"][0]`; empty for the document itself. */
export function formatPath(path: DocumentPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (PLAIN_KEY.test(step) && step.length <= MAX_KEY_SHOWN) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(shorten(step))}]`;
  }
  return text;
}

/** A value for a message: quoted, cut, on one line. */
export function quote(text: string): string {
  return JSON.stringify(shorten(text));
}

function shorten(text: string): string {
  return text.length <= MAX_KEY_SHOWN ? text : `${text.slice(0, MAX_KEY_SHOWN)}…`;
}
