import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { makeLayout } from '../peers/peer-images.ts';
import { hasContainerd, openContainerd } from '../support/containerd.ts';
import { eventually } from '../support/eventually.ts';
import { hasSkopeo } from '../support/skopeo.ts';
import { TEST_TOKEN } from '../support/test-token.ts';
import { canRunWan } from '../support/wan/can-run-wan.ts';
import { type AgentWorld, FAILOVER_MS, openAgentWorld } from './agent-world.ts';

const { missing } = canRunWan();
const lacking = [...missing, ...(hasSkopeo() ? [] : ['skopeo']), ...(hasContainerd() ? [] : ['containerd'])];
const say = (text: string) => process.stdout.write(`scenario:agent  ${text}\n`);
const question = (image: string) => `/v1/resolve?cluster=us-east-prod&image=${image}`;

/** CI at Beijing: skopeo pushes a layout to the service, and waits until it is placed where it can be. */
async function push({ wan, ask }: AgentWorld, layout: string, tag: string, waitsFor: readonly string[]): Promise<void> {
  const to = `docker://127.0.0.1:8080/team/app:${tag}`;
  const flags = ['--insecure-policy', 'copy', '--dest-tls-verify=false', '--dest-creds', `ci:${TEST_TOKEN}`];
  await wan.run('beijing', 'skopeo', [...flags, `oci:${layout}:1.2.3`, to]);
  await eventually(
    async () => {
      const { body } = await ask('beijing', `/v1/images/team%2Fapp/tags/${tag}`);
      const placed = (body.placements as { registry: string }[]).map(({ registry }) => registry);
      return waitsFor.every((registry) => placed.includes(registry)) || undefined;
    },
    { deadlineMs: 30_000, what: `${tag} placed at ${waitsFor.join(', ')}` },
  );
}

/** A cluster at US-East pulls from its agent, by skopeo and by containerd, which unpacks what it gets. */
async function pull(
  { wan, folder, clusterToken }: AgentWorld,
  tag: string,
  digest: string,
  turn: string,
): Promise<void> {
  const pulled = join(folder, `pulled-${turn}`);
  const creds = ['--src-tls-verify=false', '--src-creds', `cluster:${clusterToken}`];
  const from = `docker://127.0.0.1:8081/cluster.us-east-prod/team/app:${tag}`;
  await wan.run('useast', 'skopeo', [
    '--insecure-policy',
    'copy',
    '--preserve-digests',
    ...creds,
    from,
    `dir:${pulled}`,
  ]);
  expect(digestOf(await readFile(join(pulled, 'manifest.json')))).toBe(digest);

  const hosts = await readFile(join(import.meta.dirname, '../../examples/containerd-hosts.toml'), 'utf8');
  const hostsDir = join(folder, 'certs.d');
  await mkdir(join(hostsDir, 'registry.example'), { recursive: true });
  await writeFile(join(hostsDir, 'registry.example', 'hosts.toml'), hosts.replace('TOKEN', clusterToken));
  const through = wan.commandOn('useast', 'env', []);
  await using containerd = await openContainerd(join(folder, `containerd-${turn}`), { through });
  const reference = `registry.example/team/app:${tag}`;
  await containerd.ctr('images', 'pull', '--snapshotter', 'native', '--hosts-dir', hostsDir, reference);
  expect(await containerd.ctr('images', 'list', `name==${reference}`)).toContain(digest);
}

it.skipIf(lacking.length > 0)(
  `a site whose border is cut resolves and pulls from its agent, also a new one, and is current again when it is mended${lacking.length === 0 ? '' : ` (missing here: ${lacking.join(', ')})`}`,
  { timeout: 170_000 },
  async () => {
    await using world = await openAgentWorld();
    const { wan, ask, folder, untilCurrent } = world;
    const singapore = await world.startRegistry('singapore');
    const first = await makeLayout(join(folder, 'first'));
    const second = await makeLayout(join(folder, 'second'), 2_000_000);
    await push(world, join(folder, 'first'), '1', ['aliyun', 'singapore', 'korea']);
    const agent = await world.startAgent();
    const before = await untilCurrent(question('team/app:1'), 20_000);
    expect(before.body).toMatchObject({ registry: 'singapore', state: 'chosen', digest: first.digest });

    await wan.cut('bj-use');
    await wan.cut('bj-sg');
    const cutAt = Date.now();
    await agent.kill();
    await world.startAgent();
    const { status, body: alone } = await ask('useast', question('team/app:1'));
    expect(status).toBe(200);
    expect(alone).toMatchObject({ registry: 'singapore', state: 'chosen', digest: first.digest });
    await pull(world, '1', first.digest, 'cut');
    say('with bj-use and bj-sg cut, and the agent started anew, skopeo and containerd pulled from Singapore');

    // What happens at Beijing meanwhile is not known there, and nothing is answered that was not verified.
    await push(world, join(folder, 'second'), '2', ['aliyun', 'korea']);
    expect((await ask('useast', question('team/app:2'))).status).toBe(404);
    const { body: still } = await ask('useast', question('team/app:1'));
    expect(Date.parse(String(still.asOf))).toBeLessThanOrEqual(cutAt);
    expect(Date.parse(String(still.verifiedAt))).toBeLessThanOrEqual(Date.parse(String(still.asOf)));

    const mendedAt = Date.now();
    await wan.mend('bj-sg');
    await wan.mend('bj-use');
    await untilCurrent(question('team/app:1'), 20_000);
    const afterMs = Date.now() - mendedAt;
    say(`after the mending the agent's copy was current again within ${afterMs} ms (goal 5,000)`);
    expect(afterMs).toBeLessThanOrEqual(5_000);
    await eventually(
      async () => {
        const { body } = await ask('useast', question('team/app:2'));
        expect(body).toMatchObject({ registry: 'singapore', state: 'chosen', digest: second.digest });
        return true;
      },
      { deadlineMs: 30_000, what: 'the second release from Singapore' },
    );

    await singapore.kill();
    const failedAt = Date.now();
    const over = await eventually(
      async () => {
        const { body } = await ask('useast', question('team/app:2'));
        expect(body).toMatchObject({ registry: 'korea', state: 'fallback', digest: second.digest });
        return Date.now() - failedAt;
      },
      { deadlineMs: 20_000, what: 'Singapore being passed over' },
    );
    say(`Singapore, gone, was passed over after ${over} ms (failover.after ${FAILOVER_MS})`);
    expect(over).toBeGreaterThanOrEqual(FAILOVER_MS);
    await pull(world, '2', second.digest, 'over');
    await world.startRegistry('singapore');
    await eventually(
      async () => {
        const { body } = await ask('useast', question('team/app:2'));
        expect(body).toMatchObject({ registry: 'singapore', state: 'chosen' });
        return true;
      },
      { deadlineMs: 30_000, what: 'Singapore being used again' },
    );
  },
);
