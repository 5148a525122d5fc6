import type { ErrorCode } from 'yaml';

// Own words for each code: the library's messages repeat parts of the text, which may be a password.
const TEXTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_ALIAS: 'has an alias (*) without a valid name',
  BAD_DQ_ESCAPE: 'has a backslash sequence that double quotes do not know; use single quotes, or \\\\ for a backslash',
  BAD_INDENT: 'is indented differently from what stands around it',
  BAD_SCALAR_START: 'begins with a character that must be quoted',
  BLOCK_AS_IMPLICIT_KEY: 'has a second "key: value" on the line of another; quote the text, or begin a new line',
  BLOCK_IN_FLOW: 'has indented YAML inside { } or [ ]',
  MISSING_CHAR: 'misses a character here: a closing quote, a bracket, a comma or a space after a colon',
  MULTILINE_IMPLICIT_KEY: 'has a key over several lines; perhaps a colon is missing',
  MULTIPLE_DOCS: 'begins a second document (---); one file holds one',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  TAB_AS_INDENT: 'is indented with a tab; use spaces',
  TAG_RESOLVE_FAILED: 'has a tag (!) that is not known here',
  UNEXPECTED_TOKEN: 'has something that does not belong here, such as a bracket too many or text after a value',
};

/** What a YAML error means, without a word of the file in it. */
export function findYamlErrorText(code: ErrorCode): string {
  return `${TEXTS[code] ?? 'is not valid here'} (YAML syntax, ${code})`;
}
