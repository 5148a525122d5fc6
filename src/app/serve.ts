import { rmSync, writeFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { resolve } from 'node:path';
import type { ServeOptions } from '../cli/app-contract.ts';
import { outliveReaders } from '../cli/output-readers.ts';
import { readEnvironment } from '../config/environment.ts';
import { loadConfig } from '../config/load-config.ts';
import { systemClock } from '../kernel/clock.ts';
import { beginWholeCheck } from '../store/whole-check.ts';
import { openServiceLog } from '../telemetry/log.ts';
import { findMostConnections } from './most-connections.ts';
import { takeOverLock } from './take-over-lock.ts';
import { openTls } from './tls/open-tls.ts';
import { untilSignalled } from './until-signalled.ts';
import { readVersion } from './version.ts';

/** How long requests may take to end, and legs to put down what they hold, once the service was told to stop. */
const GRACE_MS = 10_000;
/** How long those have that were still answered when that time was over. */
const LATE_GRACE_MS = 1_000;

/** By then whoever waited for the start has been answered. */
const KEEP_COMPILED_AFTER_MS = 500;

/** Node keeps what it compiled when it ends; one that is killed leaves it to the next start too, once it has run so long. */
const keepCompiled = () => flushCompileCache();

/** Runs the service until it is signalled; returns the exit status. */
export async function runService(options: ServeOptions): Promise<number> {
  const environment = readEnvironment();
  const { log, droppedLines } = openServiceLog(environment.logLevel ?? 'info');
  outliveReaders();
  const { host, port } = options.listen;
  // From here on a signal is a wish to stop, also one that comes before the first line of the log.
  const signalled = untilSignalled();
  const world = await loadConfig(options.config);
  log.setLevel(environment.logLevel ?? world.log.level);
  const tls = openTls(options, world, { clock: systemClock, log });
  const folder = resolve(options.data);
  const lock = await takeOverLock(folder, { waitMs: options.takeoverMs, stop: signalled, clock: systemClock, log });
  if (lock === undefined) return 0;
  try {
    const version = readVersion();
    // A large database is read through on another core while all that serves is loaded.
    const whole = beginWholeCheck(folder);
    const [{ openService }, { listenHttp }] = await Promise.all([
      import('./open-service.ts'),
      import('../api/serve.ts'),
    ]);
    const opened = { world, folder, whole, environment, tls, log, droppedLogLines: droppedLines, version };
    const service = await openService(opened);
    try {
      const listener = await listenHttp({
        app: service.app,
        shortcut: service.shortcut,
        host,
        port,
        tls: tls.listen,
        log,
        mostConnections: findMostConnections(),
      });
      let graceMs = GRACE_MS;
      try {
        await service.start();
        lock.announce(listener.url);
        if (options.pidFile !== undefined) writeFileSync(options.pidFile, `${process.pid}\n`);
        log.info({
          event: 'listening',
          url: listener.url,
          pid: process.pid,
          version,
          data: folder,
          config: resolve(options.config),
        });
        if (world.access.anonymous === 'read')
          log.warn({ event: 'open access', detail: 'callers without a token may read (access.anonymous: read)' });
        setTimeout(keepCompiled, KEEP_COMPILED_AFTER_MS).unref();
        const signal = await signalled;
        log.info({ event: 'stopping', signal });
        service.retire();
        // Clients that are slow do not keep all others out meanwhile.
        const stoppingAtMs = performance.now();
        await listener.drain(GRACE_MS);
        graceMs = Math.max(GRACE_MS - (performance.now() - stoppingAtMs), LATE_GRACE_MS);
      } finally {
        await listener.close(graceMs);
      }
    } finally {
      await service.close();
    }
    log.info({ event: 'stopped' });
    return 0;
  } finally {
    if (options.pidFile !== undefined) rmSync(options.pidFile, { force: true });
    tls.close();
    lock.release();
  }
}
