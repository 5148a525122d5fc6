import { rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AgentOptions } from '../../cli/app-contract.ts';
import { outliveReaders } from '../../cli/output-readers.ts';
import { readEnvironment } from '../../config/environment.ts';
import { isLoopbackHost } from '../../config/listen-address.ts';
import { systemClock } from '../../kernel/clock.ts';
import { Failure } from '../../kernel/failure.ts';
import { openDataLock } from '../../store/data-lock.ts';
import { openServiceLog } from '../../telemetry/log.ts';
import { untilSignalled } from '../until-signalled.ts';
import { readVersion } from '../version.ts';
import type { AgentPart } from './agent-part.ts';
import { openAgentParts } from './agent-parts.ts';
import { openServiceLink } from './service-link.ts';

/** Runs the agent of a site until it is signalled; returns the exit status. */
export async function runAgent(options: AgentOptions): Promise<number> {
  const environment = readEnvironment();
  const { log } = openServiceLog(environment.logLevel);
  outliveReaders();
  const { host } = options.listen;
  if (!isLoopbackHost(host) && !options.allowInsecureListen) {
    throw new Failure(
      'config_invalid',
      `${host} can be reached from elsewhere, and tokens would cross the network as plain text: listen on 127.0.0.1 behind something that speaks TLS, or say --allow-insecure-listen if the way is guarded otherwise`,
    );
  }
  const signalled = untilSignalled();
  const folder = resolve(options.data);
  const lock = openDataLock(folder);
  const version = readVersion();
  const service = openServiceLink({ url: options.serviceUrl, token: options.token, version });
  const parts = openAgentParts({
    site: options.site,
    name: options.name,
    folder,
    listen: options.listen,
    config: options.config,
    service,
    environment,
    version,
    log,
    clock: systemClock,
  });
  try {
    log.info({ event: 'agent starts', site: options.site, name: options.name, service: service.url, data: folder });
    for (const part of parts) await part.start();
    if (options.pidFile !== undefined) writeFileSync(options.pidFile, `${process.pid}\n`);
    log.info({ event: 'stopping', signal: await signalled });
  } finally {
    await closeAll(parts);
    await service.close();
    if (options.pidFile !== undefined) rmSync(options.pidFile, { force: true });
    lock.release();
  }
  log.info({ event: 'stopped' });
  return 0;
}

/** The last one first; one that fails to close does not keep the others open. */
async function closeAll(parts: readonly AgentPart[]): Promise<void> {
  for (const part of parts.toReversed()) await part.close().catch(() => {});
}
