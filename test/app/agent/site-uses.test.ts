import { expect, test } from 'vitest';
import type { AgentContext } from '../../../src/app/agent/agent-part.ts';
import { openServiceLink } from '../../../src/app/agent/service-link.ts';
import { SiteUses } from '../../../src/app/agent/site-uses.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { openStore } from '../../../src/store/store.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { eventually } from '../../support/eventually.ts';
import { openTestRegistry } from '../../support/registry.ts';
import { seedImage } from '../../support/seed-image.ts';
import { openTestService } from '../../support/service.ts';
import { openTempFolder } from '../../support/temp-folder.ts';
import { TestClock } from '../../support/test-clock.ts';
import { makeImage } from '../../support/test-image.ts';

test('what clusters resolve at a site is kept while the service is away, and counts there once it is told', async () => {
  await using source = await openTestRegistry();
  await using aliyun = await openTestRegistry();
  await using folder = await openTempFolder('uses');
  const image = makeImage();
  await seedImage(source, 'team/app', '1', image);
  const data = `${folder.path}/data`;
  const use = { name: parseRepositoryName('team/app'), sourceDigest: image.digest };
  const clock = new TestClock();
  const context = (serviceUrl: string, token: string): AgentContext => ({
    site: 'us-east',
    name: 'agent us',
    folder: `${folder.path}/agent`,
    listen: { host: '127.0.0.1', port: 0 },
    config: undefined,
    service: openServiceLink({ url: serviceUrl, token: new Secret(token), version: '0.0.0-test' }),
    environment: { findVariable: () => undefined },
    version: '0.0.0-test',
    log: silentLog,
    clock,
  });
  {
    const away = context('http://127.0.0.1:9', 'none');
    const uses = new SiteUses(away);
    await uses.start();
    uses.note('us-east-prod', use);
    uses.note('cn-prod', use);
    clock.advance(10_000);
    await uses.close();
    await away.service.close();
  }
  {
    await using service = await openTestService({ registries: { aliyun }, source, folder: data });
    const { api } = service;
    await api.untilFinal((await api.push({ image: 'team/app:1', source: 'harbor.bj/team/app:1' })).id);
    const agent = await api.withToken({ role: 'agent', site: 'us-east' });
    const back = context(api.url, agent.token);
    const uses = new SiteUses(back);
    await uses.start();
    const answer = await agent.send('POST', '/v1/agents/agent%20us/uses', {
      uses: [{ cluster: 'us-east-prod', name: 'team/none', digest: image.digest, at: new Date().toISOString() }],
    });
    expect(answer).toMatchObject({ status: 200, body: { taken: 0 } });
    await eventually(
      async () => {
        clock.advance(10_000);
        const lines = service.logged.filter(({ path }) => String(path).startsWith('/v1/agents/'));
        return lines.length > 1;
      },
      { what: 'the report' },
    );
    await uses.close();
    await back.service.close();
  }
  const store = await openStore({ folder: data });
  try {
    expect(await store.choices.usedSince('team/app', 0)).toMatchObject([{ digest: image.digest }]);
  } finally {
    await store.close();
  }
});
