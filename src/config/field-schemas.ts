import { z } from 'zod';
import { parseByteSize } from '../kernel/byte-size.ts';
import { parseDuration } from '../kernel/duration.ts';
import { isFailure } from '../kernel/failure.ts';
import { isRepositoryName } from '../oci/repository-name.ts';
import { quote } from './mistake.ts';
import { findNameMistake, IMAGE_PATTERN_PATTERN } from './name-forms.ts';
import { findOriginMistake } from './origin-url.ts';
import { findFilePath, findSecretReference } from './secret-reference.ts';

type FieldMeta = { readonly description: string; readonly examples?: readonly unknown[]; readonly pattern?: string };

/** A text with a check of its own: the check says what is wrong, and does not repeat what may be a secret. */
function checkedText(
  findMistake: (text: string) => string | undefined,
  { examples, ...meta }: FieldMeta,
  wanted = 'must be text',
) {
  return z
    .string({ error: wanted })
    .superRefine((text, context) => {
      const message = findMistake(text);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta(examples === undefined ? meta : { ...meta, examples: [...examples] });
}

export function imagePatternText(meta: FieldMeta) {
  return checkedText((text) => findNameMistake('pattern', text), { pattern: IMAGE_PATTERN_PATTERN, ...meta });
}

export function filledText(meta: FieldMeta) {
  return checkedText((text) => (text.trim() === '' ? 'must not be empty' : undefined), { pattern: '\\S', ...meta });
}

/** The origin of a registry or source. */
export function originText(meta: FieldMeta, pathBelongs?: 'prefix' | 'reference') {
  return checkedText((text) => findOriginMistake(text, pathBelongs), { pattern: '^https?://[^/?#@\\s]+/?$', ...meta });
}

export function prefixText(meta: FieldMeta) {
  return checkedText(
    (text) => {
      if (text === '' || isRepositoryName(text)) return undefined;
      const bare = text.replace(/^\/+|\/+$/g, '').toLowerCase();
      const hint = isRepositoryName(bare) ? `; did you mean ${bare}?` : '';
      return `must be the first part of repository names, such as web3d or team/images (found ${quote(text)}${hint})`;
    },
    { pattern: '^$|^[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*$', ...meta },
  );
}

/** A user name, in plain text or by reference. RFC 7617 section 2: a user name has no colon. */
export function usernameText(meta: FieldMeta) {
  return checkedText(
    (text) => {
      if (text.trim() === '') return 'must not be empty';
      if (findSecretReference(text, '/') !== undefined) return undefined;
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      const fits = !/[:\u0000-\u001f\u007f]/.test(text);
      return fits ? undefined : 'must be a user name without a colon, env:NAME or file:PATH';
    },
    { pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|[^:]+)$', ...meta },
  );
}

/** A secret, by reference only. */
export function secretText(meta: FieldMeta) {
  return checkedText(
    (text) =>
      findSecretReference(text, '/') === undefined
        ? 'must be env:NAME or file:PATH; a secret is never written in this file'
        : undefined,
    { pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$', ...meta },
  );
}

export function fileText(meta: FieldMeta) {
  return checkedText((text) => (findFilePath(text, '/') === undefined ? 'must be file:PATH' : undefined), {
    pattern: '^file:.+$',
    ...meta,
  });
}

export function roleArnText(meta: FieldMeta) {
  const pattern = '^arn:aws[a-z-]*:iam::\\d{12}:role/\\S+$';
  const expression = new RegExp(pattern);
  const wrong = 'must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/entrepot';
  return checkedText((text) => (expression.test(text) ? undefined : wrong), { pattern, ...meta });
}

export function durationText(meta: FieldMeta) {
  const check = (text: string) => findMeasureMistake(() => parseDuration(text));
  return checkedText(
    check,
    { pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d)$', ...meta },
    'must be a duration such as 500ms, 30s, 5m, 2h or 30d',
  );
}

/** A size such as `8MiB`, or a number of bytes. */
export function byteSize({ examples, ...meta }: FieldMeta) {
  return z
    .union([z.string(), z.number()], { error: 'must be a size such as 8MiB, 150MB or 200GiB' })
    .superRefine((size, context) => {
      const message = findMeasureMistake(() => parseByteSize(String(size)));
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({
      ...meta,
      pattern: '^\\d+(\\.\\d+)?\\s*(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?$',
      exclusiveMinimum: 0,
      ...(examples === undefined ? {} : { examples: [...examples] }),
    });
}

export function count(maximum: number, meta: FieldMeta) {
  return z.int().min(1).max(maximum).meta({ description: meta.description });
}

function findMeasureMistake(parse: () => number): string | undefined {
  try {
    const value = parse();
    if (value <= 0) return 'must be more than nothing';
    return Number.isSafeInteger(value) ? undefined : 'is too large';
  } catch (error) {
    if (!isFailure(error, 'validation_failed')) throw error;
    return error.message.length > 200 ? 'is not of that form' : error.message;
  }
}
