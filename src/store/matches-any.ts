import { type Expression, type SqlBool, sql } from 'kysely';

/**
 * Does a column of names match one of the image patterns? With LIKE, which every SQL database has: `*` becomes its `%`,
 * and what LIKE itself takes for more than a character (`_` may stand in names) is escaped.
 */
export function matchesAny(column: Expression<string>, patterns: readonly string[]): Expression<SqlBool> {
  if (patterns.length === 0) return sql<SqlBool>`0 = 1`;
  const likes = patterns.map((pattern) => {
    const like = pattern.replaceAll(/[%_\\]/g, (character) => `\\${character}`).replaceAll('*', '%');
    return sql<SqlBool>`${column} like ${like} escape '\\'`;
  });
  return sql<SqlBool>`(${sql.join(likes, sql` or `)})`;
}
