import { readFile } from 'node:fs/promises';
import type { Clock } from '../kernel/clock.ts';
import { Failure } from '../kernel/failure.ts';
import { Secret } from '../kernel/secret.ts';
import { cachedCredentials } from './cached-credentials.ts';
import { runCredentialHelper } from './credential-helper.ts';
import type { Credentials, CredentialsProvider } from './credentials.ts';

const GOOD_FOR_MS = 5 * 60 * 1_000;
const HELPER_TIMEOUT_MS = 30_000;

/** Docker Hub's registry is asked under other names than `docker login` stores. Source: docker/cli, config file docs. */
const DOCKER_HUB_HOSTS = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

type DockerConfig = {
  readonly auths: Readonly<Record<string, unknown>>;
  readonly credHelpers: Readonly<Record<string, unknown>>;
  readonly credsStore: string | undefined;
};

/**
 * What `docker login` left for a registry in a config.json: a helper of its own first, then what the file itself
 * holds, then the general helper. No entry is anonymous. Throws `secret_missing` when the file or a helper fails.
 */
export function openDockerConfigCredentials(options: {
  path: string;
  /** Host and port as in the registry's URL. */
  host: string;
  helperTimeoutMs?: number;
  clock?: Clock;
}): CredentialsProvider {
  return cachedCredentials(async () => {
    const config = parseDockerConfig(await readConfig(options.path), options.path);
    const credentials = await findCredentials(config, options.host, options.helperTimeoutMs ?? HELPER_TIMEOUT_MS);
    return { credentials, goodForMs: GOOD_FOR_MS };
  }, options.clock);
}

async function readConfig(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Failure('secret_missing', `reading the docker configuration ${path} failed`, { cause });
  }
}

function parseDockerConfig(text: string, path: string): DockerConfig {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // The cause would quote the text, which holds passwords.
    throw new Failure('secret_missing', `the docker configuration ${path} is not JSON`);
  }
  const { auths, credHelpers, credsStore } = toRecord(document);
  return {
    auths: toRecord(auths),
    credHelpers: toRecord(credHelpers),
    credsStore: typeof credsStore === 'string' && credsStore !== '' ? credsStore : undefined,
  };
}

async function findCredentials(config: DockerConfig, host: string, timeoutMs: number): Promise<Credentials> {
  const keys = DOCKER_HUB_HOSTS.has(host) ? [DOCKER_HUB_KEY, ...DOCKER_HUB_HOSTS] : [host];
  for (const key of keys) {
    const helper = config.credHelpers[key];
    if (typeof helper === 'string') return await runCredentialHelper(helper, key, timeoutMs);
  }
  const wanted = new Set(keys.map(toHost));
  for (const [key, entry] of Object.entries(config.auths)) {
    const credentials = wanted.has(toHost(key)) ? parseEntry(toRecord(entry)) : undefined;
    if (credentials !== undefined) return credentials;
  }
  return config.credsStore === undefined
    ? { kind: 'none' }
    : await runCredentialHelper(config.credsStore, keys[0] ?? host, timeoutMs);
}

/** Keys are hosts, or URLs with the path of an API version behind them. */
function toHost(key: string): string {
  return key
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '')
    .toLowerCase();
}

function parseEntry(entry: Readonly<Record<string, unknown>>): Credentials | undefined {
  const { auth, identitytoken, username, password } = entry;
  if (typeof identitytoken === 'string' && identitytoken !== '') {
    return { kind: 'identity-token', token: new Secret(identitytoken) };
  }
  if (typeof auth === 'string' && auth !== '') {
    const pair = Buffer.from(auth, 'base64').toString('utf8');
    const colon = pair.indexOf(':');
    if (colon < 1) return undefined;
    return { kind: 'basic', username: pair.slice(0, colon), password: new Secret(pair.slice(colon + 1)) };
  }
  if (typeof username === 'string' && username !== '' && typeof password === 'string') {
    return { kind: 'basic', username, password: new Secret(password) };
  }
  return undefined;
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
