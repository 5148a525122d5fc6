import type Database from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from 'kysely';

/** Everything that Kysely needs to know of SQLite: the only file that another database would replace. */
export function sqliteDialect(connection: Database.Database): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => sqliteDriver(connection),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/**
 * Kysely hands the one connection to one query or transaction at a time. Differences to Kysely's own driver: statements
 * are prepared once, a transaction that may write takes the write lock when it begins (so it cannot fail half way for
 * want of it), and a rollback of what SQLite has already rolled back itself (disk full) does not hide the reason.
 */
function sqliteDriver(connection: Database.Database): Driver {
  const session = sqliteSession(connection);
  const run = (statement: string) => session.executeQuery(CompiledQuery.raw(statement));
  return {
    async init() {},
    acquireConnection: async () => session,
    async beginTransaction(_session, settings: TransactionSettings) {
      await run(settings.accessMode === 'read only' ? 'begin' : 'begin immediate');
    },
    async commitTransaction() {
      await run('commit');
    },
    async rollbackTransaction() {
      if (connection.inTransaction) await run('rollback');
    },
    async releaseConnection() {},
    async destroy() {
      connection.close();
    },
  };
}

function sqliteSession(connection: Database.Database): DatabaseConnection {
  const findStatement = statementCache(connection);
  return {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
      const statement = findStatement(sql);
      if (statement.reader) return { rows: statement.all(...parameters) as Row[] };
      const { changes, lastInsertRowid } = statement.run(...parameters);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    },
    // An open cursor would keep the only connection from every other query: big reads are paged instead.
    streamQuery() {
      throw new Error('the store does not stream queries');
    },
  };
}

/** Prepared statements by their text, the least recently used given up first: lists of values make many texts. */
function statementCache(connection: Database.Database, most = 250): (sql: string) => Database.Statement {
  const statements = new Map<string, Database.Statement>();
  return (sql) => {
    const known = statements.get(sql);
    const statement = known ?? connection.prepare(sql);
    statements.delete(sql);
    statements.set(sql, statement);
    if (statements.size > most) {
      const oldest = statements.keys().next();
      if (!oldest.done) statements.delete(oldest.value);
    }
    return statement;
  };
}
