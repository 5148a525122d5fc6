import { z } from 'zod';
import { Failure } from '../kernel/failure.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { isRepositoryName, type RepositoryName } from '../oci/repository-name.ts';
import { isTag, type Tag } from '../oci/tag.ts';

/* Column schemas: a database is a file that others may have touched, so rows are checked like any input. */

export const digestColumn = z.custom<Digest>(
  (value) => typeof value === 'string' && isDigest(value),
  'is not a digest',
);
export const nameColumn = z.custom<RepositoryName>(
  (value) => typeof value === 'string' && isRepositoryName(value),
  'is not a repository name',
);
export const tagColumn = z.custom<Tag>((value) => typeof value === 'string' && isTag(value), 'is not a tag');
export const truthColumn = z.number().transform((value) => value !== 0);

/** A column of JSON text whose value follows `schema`. */
export function jsonColumn<T>(schema: z.ZodType<T>) {
  return z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);
}

/** A row as the record it stands for, or `data_unusable` naming what was read and which column is wrong. */
export function parseRow<T>(schema: z.ZodType<T>, row: unknown, what: string): T {
  const parsed = schema.safeParse(row);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new Failure(
    'data_unusable',
    `reading ${what} from the database: ${problems}; restore the data folder from a backup`,
  );
}
