import { join } from 'node:path';
import { expect, it } from 'vitest';
import { entrepot } from '../cli/support/command-line.ts';
import { openTestRegistry } from '../support/registry.ts';
import { seedImage } from '../support/seed-image.ts';
import { writeServiceConfig } from '../support/service-config.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { makeImage } from '../support/test-image.ts';

it('a service that runs is backed up, its data folder is lost, and from the backup it resolves as before', async () => {
  await using folder = await openTempFolder('backup');
  await using source = await openTestRegistry();
  await using aliyun = await openTestRegistry();
  await seedImage(source, 'team/app', '1', makeImage());
  const configPath = await writeServiceConfig(folder.path, { source, registries: { aliyun } });
  const dataPath = join(folder.path, 'data');
  const env = { ENTREPOT_DATA: dataPath };
  const file = join(folder.path, 'backup.db');
  let before: unknown;
  {
    await using service = await startServiceProcess({ configPath, dataPath });
    const { id } = await service.api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' });
    await service.api.untilFinal(id);
    before = (await service.api.resolve('team/app:1', 'cn-prod')).body.reference;
    const saved = await entrepot({ env }, 'backup', file);
    expect(saved).toMatchObject({ exitCode: 0, stderr: '' });
    expect(saved.stdout).toMatch(/^Wrote .*backup\.db: \d+ kB, 1 push\./);
    const refused = await entrepot({ env }, 'restore', file);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`in use by process ${service.pid}`);
  }
  const lostPath = join(folder.path, 'anew');
  const restored = await entrepot({ env: { ENTREPOT_DATA: lostPath } }, 'restore', file, '--json');
  expect(JSON.parse(restored.stdout)).toEqual({ folder: lostPath, pushes: 1, replaced: null });
  await using service = await startServiceProcess({ configPath, dataPath: lostPath });
  expect((await service.api.resolve('team/app:1', 'cn-prod')).body.reference).toBe(before);
});
