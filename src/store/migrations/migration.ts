import type { QueryExecutorProvider, SchemaModule } from 'kysely';

/**
 * One step of the schema, forward only. Names sort in the order of the steps.
 *
 * A step is given the schema builder, and a place to run `sql` for moving rows, but not the typed queries: those know
 * the tables of today, and a step must stay what it was.
 *
 * A step only adds: tables, indexes, and columns that may be left out. Then the version before can read what it finds,
 * and write what it knows of.
 */
export type Migration = {
  readonly name: string;
  readonly apply: (db: MigrationDatabase) => Promise<void>;
  /** The version before could not go on with what this step makes; going back then needs a backup. */
  readonly breaks?: true;
};

export type MigrationDatabase = QueryExecutorProvider & { readonly schema: SchemaModule };
