import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from '../kernel/log-level.ts';
import { BoundedOutput } from './bounded-output.ts';

/** One JSON line an event on stdout; `event` names it, all else are its facts. */
export type Log = {
  debug(facts: LogFacts): void;
  info(facts: LogFacts): void;
  warn(facts: LogFacts): void;
  error(facts: LogFacts): void;
};

export type LogFacts = { readonly event: string; readonly [fact: string]: unknown };

export type LevelledLog = Log & { setLevel(level: LogLevel): void };

export function openLog(options: { level: LogLevel; destination?: DestinationStream }): LevelledLog {
  const settings = {
    level: options.level,
    base: undefined,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: ['*.authorization', '*.password', '*.token', 'authorization', 'password', 'token'],
      censor: '[redacted]',
    },
  };
  const logger: Logger = options.destination === undefined ? pino(settings) : pino(settings, options.destination);
  return {
    debug: (facts) => logger.debug(facts),
    info: (facts) => logger.info(facts),
    warn: (facts) => logger.warn(facts),
    error: (facts) => logger.error(facts),
    setLevel: (level) => {
      logger.level = level;
    },
  };
}

/** The service's own log, on stdout; a reader that is slow or gone makes nothing wait. */
export function openServiceLog(level: LogLevel): { readonly log: LevelledLog; droppedLines(): number } {
  const output = new BoundedOutput({
    droppedLine: (lines) =>
      `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), event: 'log lines dropped', lines })}\n`,
  });
  return { log: openLog({ level, destination: output }), droppedLines: () => output.droppedLines };
}

/** A log that says nothing, for tests and tools. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
