import type { ListenAddress } from '../config/listen-address.ts';
import { Failure } from '../kernel/failure.ts';
import type { Secret } from '../kernel/secret.ts';
import type { RunDoctor } from './doctor-report.ts';
import type { Texts } from './texts/texts.ts';

/** What `entrepot serve` asks of the wiring. */
export type ServeOptions = {
  /** Path of the configuration file. */
  readonly config: string;
  /** Path of the data folder. */
  readonly data: string;
  readonly listen: ListenAddress;
  /** File to write the process id into that must be signalled. */
  readonly pidFile?: string;
  /** How long to wait for another process to give the data folder back, milliseconds. */
  readonly takeoverMs: number;
  /** Paths of the certificate and the private key to listen with. */
  readonly tls: { readonly cert?: string; readonly key?: string };
  /** Listen where others can reach it although tokens cross the network as plain text. */
  readonly allowInsecureListen: boolean;
};

/** What `entrepot agent` asks of the wiring. */
export type AgentOptions = {
  /** The site that the agent stands at. */
  readonly site: string;
  /** What the service calls this agent. */
  readonly name: string;
  /** Path of a configuration file with credentials of registries; without one registries are read without any. */
  readonly config?: string;
  /** Path of the agent's own folder. */
  readonly data: string;
  readonly listen: ListenAddress;
  /** File to write the process id into that must be signalled. */
  readonly pidFile?: string;
  /** Paths of the certificate and the private key to listen with. */
  readonly tls: { readonly cert?: string; readonly key?: string };
  /** Listen where others can reach it although tokens cross the network as plain text. */
  readonly allowInsecureListen: boolean;
  /** Where the service is, without a trailing slash. */
  readonly serviceUrl: string;
  readonly token: Secret | undefined;
};

export type DemoOptions = {
  /** One object on stdout and nothing else there. */
  readonly json: boolean;
  /** Leave everything running until Ctrl-C. */
  readonly keep: boolean;
};

export type BackupFolder = (folder: string, file: string) => BackupSummary;
export type BackupSummary = { readonly file: string; readonly bytes: number; readonly pushes: number };

export type RestoreFolder = (folder: string, file: string) => Promise<RestoreSummary>;
export type RestoreSummary = {
  readonly folder: string;
  readonly pushes: number;
  /** Where the database is that was there before; null when there was none. */
  readonly replaced: string | null;
};

/** The administrator's token of a data folder on this machine; undefined where that is no data folder. */
export type FirstToken = (folder: string, options: { readonly isNew: boolean }) => FoundToken | undefined;

export type FoundToken = {
  readonly token: Secret;
  readonly path: string;
  /** It was written just now; `isRevoked`: in the place of one that was revoked. */
  readonly isNew: boolean;
  readonly isRevoked: boolean;
};

/** Runs the service until it is told to stop, and returns the exit status. */
export type RunService = (options: ServeOptions) => Promise<number>;
/** Runs the agent until it is told to stop, and returns the exit status. */
export type RunAgent = (options: AgentOptions) => Promise<number>;
/** Runs the demonstration and returns the exit status. */
export type RunDemo = (options: DemoOptions) => Promise<number>;

/** The wiring is loaded only by the commands that run a service: a client starts without any of it. */
export async function loadRunService(texts: Texts): Promise<RunService> {
  return load<RunService>('../app/serve.ts', 'runService', texts);
}

export async function loadRunAgent(texts: Texts): Promise<RunAgent> {
  return load<RunAgent>('../app/agent/run-agent.ts', 'runAgent', texts);
}

export async function loadRunDemo(texts: Texts): Promise<RunDemo> {
  return load<RunDemo>('../app/demo/demo.ts', 'runDemo', texts);
}

export async function loadBackup(texts: Texts): Promise<BackupFolder> {
  return load<BackupFolder>('../app/backup.ts', 'backupFolder', texts);
}

export async function loadRestore(texts: Texts): Promise<RestoreFolder> {
  return load<RestoreFolder>('../app/backup.ts', 'restoreLockedFolder', texts);
}

export async function loadFirstToken(texts: Texts): Promise<FirstToken> {
  return load<FirstToken>('../app/access/first-token.ts', 'firstToken', texts);
}

export async function loadDoctor(texts: Texts): Promise<RunDoctor> {
  return load<RunDoctor>('../app/doctor/doctor.ts', 'runDoctor', texts);
}

async function load<T>(path: string, name: string, texts: Texts): Promise<T> {
  const module: Record<string, unknown> = await import(path);
  const run = module[name];
  if (typeof run !== 'function') throw new Failure('internal', texts.errors.partMissing(name));
  return run as T;
}
