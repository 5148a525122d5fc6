import { rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AgentOptions } from '../../cli/app-contract.ts';
import { outliveReaders } from '../../cli/output-readers.ts';
import { readEnvironment } from '../../config/environment.ts';
import { readOwnAuthority } from '../../config/own-authority.ts';
import { readOwnIdentity } from '../../config/own-identity.ts';
import { systemClock } from '../../kernel/clock.ts';
import { openDataLock } from '../../store/data-lock.ts';
import { openServiceLog } from '../../telemetry/log.ts';
import { openTls } from '../tls/open-tls.ts';
import { untilSignalled } from '../until-signalled.ts';
import { readVersion } from '../version.ts';
import type { AgentPart } from './agent-part.ts';
import { openAgentParts } from './agent-parts.ts';
import { openServiceLink } from './service-link.ts';

/** Runs the agent of a site until it is signalled; returns the exit status. */
export async function runAgent(options: AgentOptions): Promise<number> {
  const environment = readEnvironment();
  const { log } = openServiceLog(environment.logLevel ?? 'info');
  outliveReaders();
  const tls = openTls(options, { clusters: [], sites: [] }, { clock: systemClock, log });
  const signalled = untilSignalled();
  const folder = resolve(options.data);
  const lock = openDataLock(folder);
  const version = readVersion();
  const service = openServiceLink({
    url: options.serviceUrl,
    token: options.token,
    version,
    ca: readOwnAuthority(environment),
    readIdentity: () => readOwnIdentity(environment.clientCertificate),
  });
  const parts = openAgentParts({
    site: options.site,
    name: options.name,
    folder,
    listen: options.listen,
    tls: tls.listen,
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
    tls.close();
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
