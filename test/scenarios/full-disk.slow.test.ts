import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { expectWhole } from '../support/placed-image.ts';
import { makeImage } from '../support/test-image.ts';
import { LayoutBuilder, layerTar, named, noise, tarOf } from '../sync/archive/archive-builder.ts';
import { openCrashWorld } from './crash-world.ts';

/** May this user mount a file system of its own, as an unprivileged namespace allows? */
function canMount(): boolean {
  if (process.platform !== 'linux') return false;
  const { status } = spawnSync('unshare', ['-Urm', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /mnt'], {
    stdio: 'ignore',
  });
  return status === 0;
}

it.skipIf(!canMount())(
  'a full disk makes pushes pause and archives be answered 507, and all goes on once there is space',
  { timeout: 40_000 },
  async () => {
    const image = makeImage({ layers: [{ size: 6_000_000 }] });
    await using world = await openCrashWorld({ image });
    await mkdir(world.dataPath, { recursive: true });
    const mounted = `mount -t tmpfs -o size=9m tmpfs "${world.dataPath}" && exec "$@"`;
    const service = await world.start({ through: ['unshare', '-Urm', 'sh', '-c', mounted, 'sh'] });
    // The mount is seen in the service's namespace alone.
    const disk = `/proc/${service.pid}/root${world.dataPath}`;
    expect(existsSync(join(disk, 'entrepot.db'))).toBe(true);
    await writeFile(join(disk, 'ballast'), Buffer.alloc(5_000_000));

    const { id } = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
    // The database is on the same disk: what it cannot take is kept for it, and nothing has failed meanwhile.
    await eventually(() => /the disk is full|SQLITE_FULL/.test(service.stdout));
    await eventually(
      async () => {
        const push = await service.api.getPush(id);
        expect(push.state).toBe('running');
        for (const leg of push.transfers) {
          expect(leg).toMatchObject({ state: 'waiting', error: { code: 'disk_full', side: 'here' } });
          expect(leg.nextAttemptAt).not.toBeNull();
        }
        return true;
      },
      { what: 'the legs waiting, with the reason' },
    );
    const builder = new LayoutBuilder();
    const made = builder.addImage([await layerTar('file', noise(6_000_000))]);
    const answer = await service.api.sendArchive(
      'image=team/made:1',
      await tarOf(builder.layout([named(made, 'team/made:1')])),
    );
    expect(answer.status).toBe(507);

    await rm(join(disk, 'ballast'));
    await service.api.untilFinal(id, 'placed', '25s');
    for (const registry of Object.values(world.targets)) await expectWhole(registry.url, 'team/app', '1', image);
    expect(await service.stop()).toMatchObject({ code: 0 });
  },
);
