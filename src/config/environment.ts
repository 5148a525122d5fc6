import { Failure, isFailure } from '../kernel/failure.ts';
import { LOG_LEVELS, type LogLevel } from '../kernel/log-level.ts';
import { Secret } from '../kernel/secret.ts';
import { type ListenAddress, parseListenAddress } from './listen-address.ts';
import { findSuggestion } from './suggestion.ts';

/** What the process was told by its environment, checked. A variable that is set but empty counts as not set. */
export type Environment = {
  /** `ENTREPOT_CONFIG`: path of the configuration file. */
  readonly configPath?: string;
  /** `ENTREPOT_DATA`: the data folder. */
  readonly dataPath?: string;
  /** `ENTREPOT_LISTEN`. */
  readonly listen?: ListenAddress;
  /** `ENTREPOT_URL`: the server that the command line speaks to, without a trailing slash. */
  readonly serverUrl?: string;
  /** `ENTREPOT_TOKEN`: what the command line authenticates with. */
  readonly token?: Secret;
  /** `ENTREPOT_ADMIN_TOKEN`: the first admin token of a new data folder. */
  readonly adminToken?: Secret;
  /** `ENTREPOT_CA`: path of a PEM file with an authority that the service's certificate may be from. */
  readonly caPath?: string;
  /** `ENTREPOT_CLIENT_CERT` and `ENTREPOT_CLIENT_KEY`: paths of PEM files, shown to the service as who is calling. */
  readonly clientCertificate?: { readonly certPath: string; readonly keyPath: string };
  /** `ENTREPOT_LOG_LEVEL`, which comes before the configuration's. */
  readonly logLevel?: LogLevel;
  /** `NO_COLOR` (no-color.org) or `TERM=dumb`: no colours and no cursor movements. */
  readonly noColor: boolean;
  /** `CI`: plain lines in place of progress bars. */
  readonly ci: boolean;
  /** Any other variable, for the secrets that the configuration names. */
  findVariable(name: string): Secret | undefined;
};

/** Reads the environment, the only place that does. Throws `config_invalid` naming every variable that is wrong. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const errors: { path: string; detail: string }[] = [];
  const get = (name: string): string | undefined => (Object.hasOwn(env, name) ? env[name] : undefined) || undefined;
  const read = <T>(name: string, parse: (text: string) => T): T | undefined => {
    const text = get(name);
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      if (!isFailure(error, 'validation_failed')) throw error;
      errors.push({ path: name, detail: error.message });
      return undefined;
    }
  };
  const readPair = (certName: string, keyName: string): Environment['clientCertificate'] => {
    const [certPath, keyPath] = [get(certName), get(keyName)];
    if (certPath !== undefined && keyPath !== undefined) return { certPath, keyPath };
    if (certPath !== keyPath)
      errors.push({
        path: certPath === undefined ? certName : keyName,
        detail: `is missing: ${certName} and ${keyName} belong together, a certificate and its private key`,
      });
    return undefined;
  };
  const environment: Environment = {
    configPath: get('ENTREPOT_CONFIG'),
    dataPath: get('ENTREPOT_DATA'),
    listen: read('ENTREPOT_LISTEN', parseListenAddress),
    serverUrl: read('ENTREPOT_URL', parseServerUrl),
    caPath: get('ENTREPOT_CA'),
    clientCertificate: readPair('ENTREPOT_CLIENT_CERT', 'ENTREPOT_CLIENT_KEY'),
    token: read('ENTREPOT_TOKEN', parseToken),
    adminToken: read('ENTREPOT_ADMIN_TOKEN', parseToken),
    logLevel: read('ENTREPOT_LOG_LEVEL', parseLogLevel),
    noColor: get('NO_COLOR') !== undefined || get('TERM') === 'dumb',
    ci: !['', '0', 'false'].includes((get('CI') ?? '').toLowerCase()),
    findVariable: (name) => {
      const value = get(name);
      return value === undefined ? undefined : new Secret(value);
    },
  };
  if (errors.length > 0) {
    const list = errors.map(({ path, detail }) => `${path}: ${detail}`).join('\n  ');
    throw new Failure('config_invalid', `reading the environment: ${list}`, { errors });
  }
  return environment;
}

/** What a process that this one starts is told: the same, and more. */
export function childEnvironment(more: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return { ...process.env, ...more };
}

function parseLogLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level !== undefined) return level;
  const suggestion = findSuggestion(text, LOG_LEVELS);
  const hint = suggestion === undefined ? '' : ` (did you mean ${suggestion}?)`;
  throw new Failure(
    'validation_failed',
    `${JSON.stringify(text.slice(0, 60))} is not one of ${LOG_LEVELS.join(', ')}${hint}`,
  );
}

/** An http(s) URL, perhaps with a path where a proxy serves the API below one; without trailing slashes. */
export function parseServerUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:\/\/./i.test(text)) {
    throw new Failure('validation_failed', 'must be a URL such as https://entrepot.example or http://127.0.0.1:8080');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new Failure(
      'validation_failed',
      'must have no user, password, query or fragment; the token goes into ENTREPOT_TOKEN',
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** A token travels in a header: visible ASCII only. A newline left behind by a file is taken off. */
export function parseToken(text: string): Secret {
  const token = text.trim();
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new Failure('validation_failed', 'must be visible ASCII characters without spaces');
  return new Secret(token);
}
