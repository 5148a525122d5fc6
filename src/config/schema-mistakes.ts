import type { z } from 'zod';
import { findKnownKeys } from './json-schema.ts';
import { type DocumentPath, type Mistake, quote } from './mistake.ts';
import { isShowableKey } from './showable-key.ts';
import { findSuggestion } from './suggestion.ts';

type Issue = z.core.$ZodIssue;

/** What the schema found (asked with `reportInput`), in words for the person who wrote the file. */
export function toMistakes(issues: readonly Issue[]): Mistake[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
    if (issue.code === 'unrecognized_keys') {
      const known = findKnownKeys(path);
      return issue.keys.map((key) => toUnknownKeyMistake(path, key, known));
    }
    if (issue.input === undefined) return { path, detail: describeMissing(issue), at: 'key' };
    return { path, detail: describeIssue(issue) };
  });
}

function toUnknownKeyMistake(path: DocumentPath, key: string, known: readonly string[]): Mistake {
  const suggestion = findSuggestion(key, known);
  const list = `known here: ${known.join(', ')}`;
  if (suggestion === undefined && (!isShowableKey(path, key) || key.includes(':'))) {
    const colon = key.includes(':') ? '; a space is missing after a colon' : '';
    return {
      path: [...path, key],
      shownPath: path,
      detail: `has a key that is not known${colon} (${list})`,
      at: 'key',
    };
  }
  const hint = suggestion === undefined ? list : `did you mean ${suggestion}?`;
  return { path: [...path, key], detail: `is not a known key (${hint})`, at: 'key' };
}

function describeMissing(issue: Issue): string {
  return issue.code === 'invalid_value' ? `is missing; it must be one of ${issue.values.join(', ')}` : 'is missing';
}

function describeIssue(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return describeType(issue);
    case 'invalid_value':
      return describeValue(issue.values.map(String), issue.input);
    case 'too_small':
      return typeof issue.input === 'number'
        ? `must be at least ${issue.minimum} (found ${issue.input})`
        : 'must not be empty';
    case 'too_big':
      return typeof issue.input === 'number'
        ? `must be at most ${issue.maximum} (found ${issue.input})`
        : 'is too long';
    case 'invalid_union':
      return `${issue.message} (found ${describeKind(issue.input)})`;
    default:
      return issue.message;
  }
}

function describeType({ expected, input, message }: z.core.$ZodIssueInvalidType): string {
  const found = describeKind(input);
  if (expected === 'object' || expected === 'record') return `must be a mapping of keys and values (found ${found})`;
  if (expected === 'array') return `must be a list (found ${found})`;
  if (expected === 'boolean') return `must be true or false (found ${found})`;
  if (expected === 'int') return `must be a whole number (found ${typeof input === 'number' ? input : found})`;
  if (expected === 'number') return `must be a number (found ${found})`;
  // For a text the schema itself says what is wanted.
  return `${message} (found ${found}${message === 'must be text' && typeof input === 'number' ? '; quote it' : ''})`;
}

/** The few words that a setting takes are no secrets, so what was written may be repeated. */
function describeValue(values: readonly string[], input: unknown): string {
  const wanted = values.length === 1 ? `must be ${values[0]}` : `must be one of ${values.join(', ')}`;
  if (typeof input !== 'string') return `${wanted} (found ${describeKind(input)})`;
  const suggestion = findSuggestion(input, values);
  return `${wanted} (found ${quote(input)}${suggestion === undefined ? '' : `; did you mean ${suggestion}?`})`;
}

/** What kind of value this is; never the value. */
function describeKind(input: unknown): string {
  if (input === null) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'string') return input === '' ? 'an empty text' : 'a text';
  return typeof input === 'object'
    ? 'a mapping'
    : typeof input === 'number'
      ? 'a number'
      : typeof input === 'boolean'
        ? 'true or false'
        : 'nothing';
}
