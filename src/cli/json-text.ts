// JSON.stringify leaves these as they are; a terminal or a line reader may take them for something else.
const UNESCAPED = /[\p{Cc}\u2028\u2029]/gu;

/** A value as JSON on one line, without any character that controls a terminal. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value).replace(
    UNESCAPED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
