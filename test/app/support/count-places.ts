// For a host of the WAN laboratory: `count-places.ts URL` asks the registry at URL a question as the service would, then
// prints how many of the configured six blobs may cross to it at the same time.
import { openDirectory } from '../../../src/app/registry-directory.ts';
import { parseConfig } from '../../../src/config/load-config.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { parseDigest } from '../../../src/oci/digest.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { silentLog } from '../../../src/telemetry/log.ts';

const [url = ''] = process.argv.slice(2);
const world = parseConfig(
  `registries: { far: { kind: oci, role: home, region: far, url: "${url}" } }
sites: { here: { service: true } }
limits: { blobsPerRegistry: 6 }
`,
  '/test.yaml',
);
const directory = openDirectory({
  world,
  readSecret: () => Promise.reject(new Error('no secrets here')),
  clock: systemClock,
  log: silentLog,
});
const target = directory.registry('far')?.target;
if (target === undefined) throw new Error('no target');
const signal = AbortSignal.timeout(20_000);
await target.client.headBlob(parseRepositoryName('team/app'), parseDigest(`sha256:${'0'.repeat(64)}`), { signal });
let begun = 0;
for (let n = 0; n < 10; n += 1) {
  void target.slots.run(
    async () => {
      begun += 1;
      await new Promise<never>(() => {});
    },
    signal,
    {},
  );
}
await new Promise((resolve) => setImmediate(resolve));
process.stdout.write(String(begun), () => process.exit());
