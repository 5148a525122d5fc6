import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

type Entry = Readonly<Record<string, unknown>>;

export type ServiceConfig = {
  /** Where each registry is, or its whole entry. `aliyun` is a home registry, every other a relay, unless its entry says so. */
  readonly registries: Readonly<Record<string, { readonly url: string; readonly entry?: Entry }>>;
  /** Where `harbor.bj` is, or all sources. */
  readonly source?: { readonly url: string };
  readonly sources?: Readonly<Record<string, Entry>>;
  /** Default choice for every image. */
  readonly choose?: string;
  /** More members of the file, or others in place of these. */
  readonly more?: Entry;
};

/** The configuration file of a test's world, as text; JSON is YAML. */
export function renderServiceConfig(config: ServiceConfig): string {
  const registries = Object.entries(config.registries).map(([name, { url, entry }]) => {
    const role = name === 'aliyun' ? 'home' : 'relay';
    return [name, { kind: 'oci', role, region: `region-of-${name}`, url, ...entry }] as const;
  });
  const hasHome = registries.some(([, { role }]) => role === 'home');
  return JSON.stringify(
    {
      registries: Object.fromEntries(registries),
      sources: config.sources ?? (config.source === undefined ? {} : { 'harbor.bj': { url: config.source.url } }),
      sites: { beijing: { service: true }, 'us-east': {} },
      clusters: {
        ...(hasHome ? { 'cn-prod': { site: 'beijing', pulls: 'home' } } : {}),
        'us-east-prod': { site: 'us-east', pulls: 'choice' },
      },
      choices: config.choose === undefined ? {} : { '*': config.choose },
      ...config.more,
    },
    null,
    2,
  );
}

/** Writes it into a folder and answers its path. */
export async function writeServiceConfig(folder: string, config: ServiceConfig): Promise<string> {
  const path = join(folder, 'regions.yaml');
  await writeFile(path, renderServiceConfig(config));
  return path;
}
