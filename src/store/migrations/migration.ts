import type { QueryExecutorProvider, SchemaModule } from 'kysely';

/**
 * One step of the schema, forward only. Names sort in the order of the steps.
 *
 * A step is given the schema builder, and a place to run `sql` for moving rows, but not the typed queries: those know
 * the tables of today, and a step must stay what it was.
 */
export type Migration = { readonly name: string; readonly apply: (db: MigrationDatabase) => Promise<void> };

export type MigrationDatabase = QueryExecutorProvider & { readonly schema: SchemaModule };
