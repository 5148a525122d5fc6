import type { DoctorCheck } from '../../cli/doctor-report.ts';
import { systemClock } from '../../kernel/clock.ts';
import { Failure } from '../../kernel/failure.ts';
import type { Secret } from '../../kernel/secret.ts';
import { parseRepositoryName } from '../../oci/repository-name.ts';
import { openEndpointHttp } from '../../providers/endpoint-http.ts';
import { openRegistryProvider } from '../../providers/registry-provider.ts';
import { registryRepository } from '../../regions/registry-repository.ts';
import type { RegistryEntry, SecretReference } from '../../regions/world.ts';
import { CheckList, type Finding } from './check-list.ts';
import { probeArtifact } from './probe-artifact.ts';
import { reachRegistry } from './reach-registry.ts';
import { watchLeads } from './watch-leads.ts';

export type ExaminationDeps = {
  readonly readSecret: (reference: SecretReference) => Promise<Secret>;
  readonly chunkBytes: number;
};

/** Where the probe goes; it stays as an empty repository where the registry cannot be told to remove it. */
const PROBE_IMAGE = parseRepositoryName('entrepot-doctor');
/** AWS refuses signatures whose time is more than five minutes off. */
const MOST_SKEW_MS = 5 * 60_000;
const SKEW_WORTH_A_WORD_MS = 30_000;

/** Everything that a push and a pull need of a registry, tried with a tiny artifact that is removed again. */
export async function examineRegistry(entry: RegistryEntry, deps: ExaminationDeps): Promise<readonly DoctorCheck[]> {
  const list = new CheckList();
  await reachRegistry(entry, list);
  const leads = watchLeads(entry);
  const provider = openRegistryProvider(entry, { readSecret: deps.readSecret, watchHttp: leads.watchHttp });
  const { client } = provider;
  const repository = registryRepository(entry, PROBE_IMAGE);
  const probe = probeArtifact();
  let minChunkBytes = 0;
  try {
    await list.run('clock', ['tls'], () => checkClock(entry));
    await list.run('credentials', ['tls'], async () => {
      await client.ping();
      return `accepted (${entry.credentials.kind})`;
    });
    await list.run('create', ['credentials'], async () => {
      await provider.ensureRepository(repository);
      return entry.kind === 'ecr' ? `${repository} exists` : 'repositories come to be by pushing';
    });
    await list.run('push', ['create'], async () => {
      for (const blob of probe.blobs) {
        const started = await client.startUpload(repository);
        if (started.kind === 'mounted') continue;
        minChunkBytes = Math.max(minChunkBytes, started.session.minChunkBytes);
        const last = { offset: 0, sizeBytes: blob.bytes.byteLength, body: blob.bytes };
        await client.finishUpload(started.session, blob.digest, last);
      }
      await client.putManifest(repository, probe.tag, probe.manifest);
      return `put ${repository}:${probe.tag}`;
    });
    await list.run('pull', ['push'], async () => {
      const manifest = await client.getManifest(repository, probe.manifest.digest);
      if (manifest === undefined)
        throw new Failure('remote_not_found', `${repository}:${probe.tag} is not there again`);
      return `read ${repository}@${probe.manifest.digest.slice(0, 19)}…`;
    });
    await list.run('redirect', ['pull'], async () => {
      const [blob] = probe.blobs;
      if (blob === undefined) return 'no blob';
      const opened = await client.openBlob(repository, blob.digest);
      if (opened === undefined) throw new Failure('remote_not_found', `blob ${blob.digest} is not there again`);
      const read: Uint8Array[] = [];
      for await (const piece of opened.body) read.push(piece);
      if (!Buffer.concat(read).equals(blob.bytes))
        throw new Failure('digest_mismatch', `blob ${blob.digest} came back with other bytes`);
      const hosts = leads.otherHosts();
      return hosts.length === 0 ? 'blobs come from the registry itself' : `blobs come from ${hosts.join(', ')}`;
    });
    await list.run('limits', ['push'], async () => {
      return checkLimits(entry, deps.chunkBytes, { ...provider.partBytes, asked: minChunkBytes });
    });
    if (list.checks.some(({ check, state }) => check === 'push' && state === 'ok'))
      await list.run('cleanup', [], async () => {
        const removed = await client.deleteManifest(repository, probe.manifest.digest).catch(() => false);
        for (const { digest } of probe.blobs) await client.deleteBlob(repository, digest).catch(() => false);
        if (removed) return 'the probe is removed';
        return {
          state: 'warning',
          detail: `${repository}:${probe.tag} could not be removed; it is a few hundred bytes`,
        };
      });
  } finally {
    await provider.close();
  }
  return list.checks;
}

/** Will uploads be cut as the configuration says, or as the registry wants it? */
function checkLimits(
  entry: RegistryEntry,
  configuredBytes: number,
  { least = 0, most = Number.POSITIVE_INFINITY, asked }: { least?: number; most?: number; asked: number },
): Finding {
  const chunkBytes = Math.max(Math.min(Math.max(configuredBytes, least), most), asked);
  const paced = entry.kind === 'ecr' ? '; requests keep to the quotas of ECR' : '';
  if (chunkBytes !== configuredBytes) {
    const detail = `chunks are ${chunkBytes} bytes in place of the ${configuredBytes} of limits.chunkBytes, which this registry does not take${paced}`;
    return { state: 'warning', detail };
  }
  return `chunks of ${chunkBytes} bytes, as limits.chunkBytes says${paced}`;
}

async function checkClock(entry: RegistryEntry): Promise<Finding> {
  const http = openEndpointHttp(entry, { clock: systemClock });
  try {
    const askedMs = Date.now();
    const response = await http.request({ method: 'GET', url: `${entry.url}/v2/` });
    await response.discard();
    const told = Date.parse(response.headers.date ?? '');
    if (Number.isNaN(told)) return { state: 'warning', detail: 'the registry does not tell its time' };
    // Dates have whole seconds; the answer is from somewhere between asking and now.
    const skewMs = told + 500 - (askedMs + Date.now()) / 2;
    const seconds = Math.round(Math.abs(skewMs) / 1_000);
    const detail = `this machine's clock is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'} the registry's`;
    if (Math.abs(skewMs) > MOST_SKEW_MS) throw new Failure('remote_unexpected', detail);
    return Math.abs(skewMs) > SKEW_WORTH_A_WORD_MS ? { state: 'warning', detail } : 'agrees with the registry';
  } finally {
    await http.close();
  }
}
