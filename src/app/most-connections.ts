import { readFileSync } from 'node:fs';

/** Left for the database, the depot, and the connections to registries, whatever callers do. */
const KEPT_SHARE = 1 / 4;
const KEPT_AT_LEAST = 64;

/**
 * How many connections callers may have, by how many files the process may have open (proc_pid_limits(5)); undefined
 * where the system does not tell.
 */
export function findMostConnections(readLimits = () => readFileSync('/proc/self/limits', 'utf8')): number | undefined {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readLimits())?.[1];
    if (limit === undefined) return undefined;
    return Math.max(1, Number(limit) - Math.max(KEPT_AT_LEAST, Math.ceil(Number(limit) * KEPT_SHARE)));
  } catch {
    return undefined;
  }
}
