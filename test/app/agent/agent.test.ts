import { expect, test } from 'vitest';
import { startAgentProcess } from '../../support/service-process.ts';
import { openTempFolder } from '../../support/temp-folder.ts';

test('an agent starts where no service can be reached, and stops when told to', async () => {
  const folder = await openTempFolder('agent');
  await using agent = await startAgentProcess({
    site: 'us-east',
    dataPath: folder.path,
    serviceUrl: 'http://127.0.0.1:9',
  });
  expect(agent.stdout).toContain('"site":"us-east"');
  expect((await agent.stop()).code).toBe(0);
  await folder.remove();
});
