import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AdminTokenFile } from '../../src/app/access/admin-token-file.ts';
import { DemoApi } from '../../src/app/demo/demo-api.ts';
import { type ServiceProcess, startService } from '../../src/app/demo/service-process.ts';
import type { Secret } from '../../src/kernel/secret.ts';
import { openTempFolder } from '../support/temp-folder.ts';

/** One entry of `registries` or `sources`, as configuration writes it. */
export type PeerEntry = { readonly url: string } & Readonly<Record<string, unknown>>;

export type PeerService = AsyncDisposable & {
  readonly url: string;
  readonly api: DemoApi;
  /** The administrator's token. */
  readonly token: string;
  /** A folder of its own, for whatever the test makes. */
  readonly folder: string;
  /** Each line of its log since it was first started. */
  readonly log: readonly Record<string, unknown>[];
  /** `kill -9`, and a new process on the same data folder and port. */
  killAndRestart(): Promise<void>;
};

/**
 * The whole service as a process of its own: `home` is the home registry, the others are relays, of which the first is
 * the default choice; the source is called `source`.
 */
export async function openPeerService(options: {
  source: PeerEntry;
  home: PeerEntry;
  relays?: Readonly<Record<string, PeerEntry>>;
  limits?: Readonly<Record<string, string | number>>;
}): Promise<PeerService> {
  const folder = await openTempFolder('peers');
  const log: Record<string, unknown>[] = [];
  let service: ServiceProcess | undefined;
  const dispose = async () => {
    await service?.stop();
    await folder.remove();
  };
  try {
    const configPath = join(folder.path, 'regions.yaml');
    await writeFile(configPath, renderConfig(options));
    const start = (port?: number) =>
      startService({
        configPath,
        dataPath: join(folder.path, 'data'),
        ...(port === undefined ? {} : { port }),
        onLog: (line) => log.push(line),
      });
    const first = await start();
    service = first;
    const token = adminTokenOf(folder.path);
    return {
      url: first.url,
      api: new DemoApi(first.url, token),
      token: token.reveal(),
      folder: folder.path,
      log,
      async killAndRestart() {
        await service?.kill();
        service = await start(Number(new URL(first.url).port));
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function adminTokenOf(folder: string): Secret {
  const token = new AdminTokenFile(join(folder, 'data')).read();
  if (token === undefined) throw new Error('the service has written no first token');
  return token;
}

/** JSON is YAML, and quotes what needs it. */
function renderConfig({ source, home, relays = {}, limits = {} }: Parameters<typeof openPeerService>[0]): string {
  const [defaultRelay] = Object.keys(relays);
  return JSON.stringify({
    registries: {
      home: { kind: 'oci', role: 'home', region: 'cn-beijing', ...home },
      ...Object.fromEntries(
        Object.entries(relays).map(([name, entry]) => [
          name,
          { kind: 'oci', role: 'relay', region: 'ap-southeast-1', ...entry },
        ]),
      ),
    },
    sources: { source },
    sites: { beijing: { service: true }, 'us-east': {} },
    clusters: {
      'cn-prod': { site: 'beijing', pulls: 'home' },
      'us-east-prod': { site: 'us-east', pulls: 'choice' },
    },
    ...(defaultRelay === undefined ? {} : { choices: { '*': defaultRelay } }),
    limits: { chunkBytes: '1MiB', stall: '5s', ...limits },
  });
}
