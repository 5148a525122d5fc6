import { z } from '@hono/zod-openapi';
import { Failure } from '../../kernel/failure.ts';
import { parseRepositoryName } from '../../oci/repository-name.ts';
import { parseTag } from '../../oci/tag.ts';
import { textOf } from './text-schema.ts';

const name = textOf(parseRepositoryName)
  .transform(parseRepositoryName)
  .openapi({ type: 'string', description: 'The image, percent-encoded: `team%2Fapp`', example: 'team/app' });

export const imageParams = z.strictObject({ name });

export const imageTagParams = z.strictObject({
  name,
  tag: textOf(parseTag).transform(parseTag).openapi({ type: 'string', example: '1.2.3' }),
});

const PATTERN = /^[a-z0-9._\-/*]{1,255}$/;

function parsePattern(text: string): void {
  if (PATTERN.test(text) && text.includes('*')) return;
  throw new Failure(
    'validation_failed',
    `"${text.slice(0, 160)}" is not a pattern such as team/* or *; an image by its exact name is chosen for at /v1/images/NAME/choice`,
  );
}

export const patternParams = z.strictObject({
  pattern: textOf(parsePattern).openapi({ description: 'The pattern, percent-encoded: `team%2F*`', example: 'team/*' }),
});
