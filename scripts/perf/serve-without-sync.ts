// The service with the depot's fsync off, to measure what durability costs: `serve --config C --data D --listen A`.
import { parseArgs } from 'node:util';
import { listenHttp } from '../../src/api/serve.ts';
import { openService } from '../../src/app/open-service.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { parseListenAddress } from '../../src/config/listen-address.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { openLog } from '../../src/telemetry/log.ts';

const { values } = parseArgs({
  options: {
    config: { type: 'string', default: '' },
    data: { type: 'string', default: '' },
    listen: { type: 'string', default: '127.0.0.1:0' },
  },
});
const log = openLog({ level: 'info' });
const service = await openService({
  world: await loadConfig(values.config),
  folder: values.data,
  environment: readEnvironment(),
  log,
  version: 'perf',
  durableDepot: false,
});
const listener = await listenHttp({
  app: service.app,
  shortcut: service.shortcut,
  ...parseListenAddress(values.listen),
  log,
});
await service.start();
log.info({ event: 'listening', url: listener.url });
process.once('SIGTERM', async () => {
  await listener.close(1_000);
  await service.close();
});
