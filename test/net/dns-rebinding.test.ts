import { execFile, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { openTempFolder } from '../support/temp-folder.ts';

const run = promisify(execFile);
const OWN_NETWORK = ['-Urnm', 'sh', '-c'];
const ADDRESSES = 'ip link set lo up && ip addr add 203.0.113.7/32 dev lo';
const canHaveNetwork =
  process.platform === 'linux' && spawnSync('unshare', [...OWN_NETWORK, ADDRESSES], { stdio: 'ignore' }).status === 0;

it.skipIf(!canHaveNetwork)(
  'a name that was public is refused once it means this machine, by the address that would be connected to',
  async () => {
    await using folder = await openTempFolder('rebinding');
    await writeFile(join(folder.path, 'resolv.conf'), 'nameserver 127.0.0.1\n');
    await writeFile(join(folder.path, 'nsswitch.conf'), 'hosts: dns\n');
    const mounts = ['resolv.conf', 'nsswitch.conf'].map((file) => `mount --bind "$0/${file}" /etc/${file}`);
    const script = [ADDRESSES, ...mounts, 'exec "$@"'].join(' && ');
    const world = join(import.meta.dirname, 'rebinding-world.ts');
    const { stdout } = await run('unshare', [...OWN_NETWORK, script, folder.path, process.execPath, world], {
      timeout: 25_000,
    });
    expect(JSON.parse(stdout)).toEqual({
      first: 'public',
      second: 'address_forbidden',
      lookups: 2,
      open: 1,
      inside: 0,
    });
  },
);
