import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

// Says what SQLite's quick_check finds: `ok`, or the first thing that is wrong.
const file: string = workerData;
parentPort?.postMessage(check());

function check(): string {
  const connection = new Database(file, { fileMustExist: true, readonly: true });
  try {
    return String(connection.pragma('quick_check(1)', { simple: true }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    connection.close();
  }
}
