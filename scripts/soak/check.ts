// What was acknowledged against what is there: `check.ts LEDGER`. Reads the database and the registries for itself and
// shares no code with the service; prints one JSON object with what is lost, false and leaked.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type Attempt, type Ledger, mayMean } from './ledger.ts';
import { isUnavoidable } from './orphan.ts';
import type { Found } from './run-check.ts';

const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

type Descriptor = { readonly digest: string; readonly size: number };
type ManifestText = { readonly manifests?: Descriptor[]; readonly config?: Descriptor; readonly layers?: Descriptor[] };

const ledger = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as Ledger;
const found: { [What in keyof Found]: string[] } = { lost: [], false: [], leaked: [], orphans: [] };
const database = new Database(ledger.databasePath, { readonly: true });
const rows = <T>(sql: string, ...values: unknown[]) => database.prepare(sql).all(...values) as T[];
const whole = new Map<string, Promise<string | undefined>>();

await checkPushes();
checkChoices();
checkBenchmarks();
await checkAnswers();
await checkLeaks();
database.close();
process.stdout.write(`${JSON.stringify(found)}\n`);

/** Every push that was acknowledged has come to its end, and what it brought is there in full. */
async function checkPushes(): Promise<void> {
  for (const { image, digest, pushId, ackedAt } of ledger.attempts) {
    if (ackedAt === null || pushId === null) continue;
    const [push] = rows<{ state: string; digest: string | null }>(
      'select state, digest from pushes where id = ?',
      pushId,
    );
    if (push === undefined || push.digest !== digest || push.state !== 'placed') {
      found.lost.push(`push ${pushId} of ${image} is ${push?.state ?? 'unknown'} with ${push?.digest ?? 'no digest'}`);
      continue;
    }
    const legs = rows<{ registry: string; name: string; state: string; digest: string }>(
      'select registry, name, state, digest from transfers where push_id = ?',
      pushId,
    );
    if (legs.length < 2) found.lost.push(`push ${pushId} of ${image} has ${legs.length} legs`);
    for (const leg of legs) {
      const missing = leg.state === 'placed' ? await findMissing(leg.registry, leg.name, leg.digest) : leg.state;
      if (missing !== undefined) found.lost.push(`push ${pushId} of ${image} at ${leg.registry}: ${missing}`);
    }
  }
}

function checkChoices(): void {
  for (const { image, registry, revision } of ledger.choices) {
    const [row] = rows<{ registry: string }>(
      'select registry from choices where subject = ? and revision = ?',
      image,
      revision,
    );
    if (row?.registry !== registry)
      found.lost.push(`choice ${revision} of ${image} is ${row?.registry ?? 'unknown'} instead of ${registry}`);
  }
}

function checkBenchmarks(): void {
  for (const { id, samples } of ledger.benchmarks) {
    const [row] = rows<{ state: string }>('select state from benchmarks where id = ?', id);
    const [count] = rows<{ n: number }>('select count(*) as n from samples where benchmark = ?', id);
    if (row?.state !== 'finished' || count?.n !== samples)
      found.lost.push(`benchmark ${id} is ${row?.state ?? 'unknown'} with ${count?.n ?? 0} of ${samples} samples`);
  }
}

/** At rest each cluster is sent to its own registry, to a digest that the tag means, and it is all there. */
async function checkAnswers(): Promise<void> {
  const byImage = Map.groupBy(ledger.attempts, ({ image }) => image);
  for (const { image, cluster, reference } of ledger.finalAnswers) {
    const [, address = '', name = '', digest = ''] = /^([^/]+)\/(.+)@(sha256:[0-9a-f]{64})$/.exec(reference) ?? [];
    const at = Object.entries(ledger.registries).find(([, registry]) => registry.address === address)?.[0] ?? '';
    const attempts: readonly Attempt[] = byImage.get(image) ?? [];
    const chosen = rows<{ registry: string }>(
      'select registry from choices where subject = ? order by revision desc limit 1',
      attempts[0]?.name,
    )[0]?.registry;
    const expected = cluster === 'cn-prod' ? 'aliyun' : (chosen ?? 'singapore');
    if (at !== expected) found.false.push(`${image} for ${cluster}: ${at || reference} instead of ${expected}`);
    if (!mayMean(attempts, digest, Number.POSITIVE_INFINITY))
      found.false.push(`${image} does not mean ${digest} any more`);
    const missing = await findMissing(at, name, digest);
    if (missing !== undefined) found.false.push(`${image} for ${cluster}: ${missing}`);
  }
}

async function checkLeaks(): Promise<void> {
  for (const { registry, digest } of rows<{ registry: string; digest: string }>('select registry, digest from uploads'))
    found.leaked.push(`an upload of ${digest} to ${registry} is still noted`);
  for (const leg of rows<{ push_id: string; registry: string; state: string }>(
    "select push_id, registry, state from transfers where lease_owner is not null or state not in ('placed', 'failed', 'cancelled')",
  ))
    found.leaked.push(`the leg of ${leg.push_id} to ${leg.registry} is ${leg.state} and claimed`);
  for (const { push_id: id } of rows<{ push_id: string }>(
    "select distinct push_id from pinned_blobs where push_id not in (select id from pushes where state = 'running')",
  ))
    found.leaked.push(`${id} is over and still pins blobs`);
  for (const name of await readdir(join(ledger.depotPath, 'landing')).catch(() => []))
    found.leaked.push(`${name} is left in the depot's landing`);
  for (const [registry, { folder, sessions }] of Object.entries(ledger.registries))
    for (const name of (await readdir(join(folder, 'uploads')).catch(() => [])).filter((name) =>
      name.endsWith('.json'),
    )) {
      const facts = (await readFile(join(folder, 'uploads', name), 'utf8')).slice(0, 300);
      const seen = sessions[name.slice(0, -'.json'.length)];
      const told = seen === undefined ? 'nobody was told of it' : JSON.stringify(seen);
      const list = isUnavoidable(seen) ? found.orphans : found.leaked;
      list.push(`a session is left open at ${registry}: ${facts}; ${told}`);
    }
}

/** What is missing of an image at a registry, or undefined when every byte is there and right. */
function findMissing(registry: string, name: string, digest: string): Promise<string | undefined> {
  const key = `${registry} ${name} ${digest}`;
  const known = whole.get(key) ?? readImage(registry, name, digest);
  whole.set(key, known);
  return known;
}

async function readImage(registry: string, name: string, digest: string): Promise<string | undefined> {
  const url = ledger.registries[registry]?.url;
  if (url === undefined) return `there is no registry ${registry}`;
  const answer = await fetch(`${url}/v2/${name}/manifests/${digest}`, { headers: { accept: ACCEPT } });
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (answer.status !== 200) return `manifest ${digest} is answered ${answer.status}`;
  if (sha256(bytes) !== digest) return `manifest ${digest} has other bytes`;
  const { manifests = [], config, layers = [] } = JSON.parse(bytes.toString()) as ManifestText;
  for (const child of manifests) {
    const missing = await findMissing(registry, name, child.digest);
    if (missing !== undefined) return missing;
  }
  for (const blob of config === undefined ? layers : [config, ...layers]) {
    const got = await fetch(`${url}/v2/${name}/blobs/${blob.digest}`);
    const content = Buffer.from(await got.arrayBuffer());
    if (got.status !== 200) return `blob ${blob.digest} is answered ${got.status}`;
    if (content.byteLength !== blob.size || sha256(content) !== blob.digest)
      return `blob ${blob.digest} has other bytes`;
  }
  return undefined;
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
