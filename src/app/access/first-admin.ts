import type { Authenticator } from '../../access/authenticator.ts';
import type { Principal } from '../../access/principal.ts';
import type { Tokens } from '../../access/tokens.ts';
import { Failure, toFailure } from '../../kernel/failure.ts';
import type { Secret } from '../../kernel/secret.ts';
import type { Log } from '../../telemetry/log.ts';
import type { AdminTokenFile } from './admin-token-file.ts';

type FirstAdminOptions = {
  readonly tokens: Tokens;
  readonly file: AdminTokenFile;
  /** `ENTREPOT_ADMIN_TOKEN`. */
  readonly preset: Secret | undefined;
  readonly log: Log;
};

/**
 * Sees to it that there is an administrator: by `ENTREPOT_ADMIN_TOKEN`, which takes the place of what the file says;
 * else by the file; else, where no administrator's token holds, by a new one in the file. What the token is, is never
 * logged. Throws `config_invalid` for a preset token that was revoked.
 */
export async function settleFirstAdmin({ tokens, file, preset, log }: FirstAdminOptions): Promise<void> {
  if (preset !== undefined) {
    if ((await tokens.adoptFirstAdmin(preset, 'preset', { isOnly: true })) === 'revoked')
      throw new Failure('config_invalid', 'ENTREPOT_ADMIN_TOKEN is a token that was revoked: set another, or none');
    file.remove();
    return;
  }
  const written = file.read();
  if (written !== undefined && (await tokens.adoptFirstAdmin(written, 'file')) === 'revoked')
    log.warn({
      event: 'admin token revoked',
      path: file.path,
      detail: 'the token in this file was revoked; it is left alone',
    });
  if (tokens.hasAdmin) return;
  await tokens.adoptFirstAdmin(file.writeNew(), 'file');
  log.info({ event: 'admin token written', path: file.path });
}

/**
 * Knows the token that was written to the file since the start: how a lost one is recovered without stopping anything.
 * Whoever can write there can do everything anyhow.
 */
export class RecoveredAdmin implements Authenticator {
  readonly #options: Omit<FirstAdminOptions, 'preset'>;
  #seen: string | undefined;

  constructor(options: Omit<FirstAdminOptions, 'preset'>) {
    this.#options = options;
    this.#seen = options.file.version();
  }

  async identify(secret: string): Promise<Principal | undefined> {
    const { tokens, file, log } = this.#options;
    try {
      const version = file.version();
      if (version === undefined || version === this.#seen) return undefined;
      this.#seen = version;
      const written = file.read();
      if (written === undefined || (await tokens.adoptFirstAdmin(written, 'file')) !== 'adopted') return undefined;
      log.info({ event: 'admin token taken up', path: file.path });
      return tokens.identifyAtOnce(secret);
    } catch (error) {
      log.warn({ event: 'admin token not read', error: toFailure(error).message });
      return undefined;
    }
  }
}
