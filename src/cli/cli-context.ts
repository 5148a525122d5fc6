import type { Environment } from '../config/environment.ts';
import type { Failure } from '../kernel/failure.ts';
import type { Secret } from '../kernel/secret.ts';
import type { ApiClient } from './api-client.ts';
import type { CliIo } from './cli-io.ts';
import type { Line } from './line.ts';
import type { Printer } from './printer.ts';
import type { Texts } from './texts/texts.ts';

/** What every command is given. */
export type CliContext = {
  readonly io: CliIo;
  readonly texts: Texts;
  readonly environment: Environment;
  /** Does a program read the answer? Then stdout is JSON and stderr nothing but problem objects. */
  readonly json: boolean;
  /** Is somebody watching a terminal that can be redrawn? Not in CI, even where that pretends to have one. */
  readonly drawsScreen: boolean;
  readonly out: Printer;
  readonly err: Printer;
  /** Where the service is that `--url` or `ENTREPOT_URL` names, and what to authenticate with. */
  readonly service: { readonly url: string; readonly token: Secret | undefined };
  /** A failure for people to read, with what to do about it. */
  explain(failure: Failure): Line[];
  /** The service that `--url` or `ENTREPOT_URL` names; nothing is asked of it yet. */
  openClient(): Promise<ApiClient>;
};
