import type { AuditTrail } from '../../access/audit-trail.ts';
import type { Authenticator } from '../../access/authenticator.ts';
import type { Principal } from '../../access/principal.ts';
import { FIRST_ADMIN, type Tokens } from '../../access/tokens.ts';
import { Failure, toFailure } from '../../kernel/failure.ts';
import type { Secret } from '../../kernel/secret.ts';
import type { Log } from '../../telemetry/log.ts';
import type { AdminTokenFile } from './admin-token-file.ts';

type FirstAdminOptions = {
  readonly tokens: Tokens;
  readonly file: AdminTokenFile;
  /** `ENTREPOT_ADMIN_TOKEN`. */
  readonly preset: Secret | undefined;
  readonly audit: Pick<AuditTrail, 'record'>;
  readonly log: Log;
};

/**
 * Sees to it that there is an administrator: by `ENTREPOT_ADMIN_TOKEN`, which takes the place of what the file says;
 * else by the file; else, where no administrator's token holds, by a new one in the file. What the token is, is never
 * logged. Throws `config_invalid` for a preset token that was revoked.
 */
export async function settleFirstAdmin(options: FirstAdminOptions): Promise<void> {
  const { tokens, file, preset, log } = options;
  if (preset !== undefined) {
    if ((await adopt(options, preset, 'preset')) === 'revoked')
      throw new Failure('config_invalid', 'ENTREPOT_ADMIN_TOKEN is a token that was revoked: set another, or none');
    file.remove();
    return;
  }
  const written = file.read();
  if (written !== undefined && (await adopt(options, written, 'file')) === 'revoked')
    log.warn({
      event: 'admin token revoked',
      path: file.path,
      detail: 'the token in this file was revoked; it is left alone',
    });
  if (tokens.hasAdmin) return;
  await adopt(options, file.writeNew(), 'file');
  log.info({ event: 'admin token written', path: file.path });
}

type Adopting = Pick<FirstAdminOptions, 'tokens' | 'audit'>;

/** Nobody is logged in when it happens, and whoever has the data folder can do it: the audit log at least says that it was done. */
async function adopt({ tokens, audit }: Adopting, secret: Secret, origin: 'preset' | 'file') {
  const outcome = await tokens.adoptFirstAdmin(secret, origin, { isOnly: origin === 'preset' });
  if (outcome === 'adopted')
    await audit.record({
      action: 'token.create',
      outcome: 'done',
      about: FIRST_ADMIN,
      detail: { role: 'admin', source: origin === 'preset' ? 'ENTREPOT_ADMIN_TOKEN' : 'admin-token' },
    });
  return outcome;
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
      if (written === undefined || (await adopt(this.#options, written, 'file')) !== 'adopted') return undefined;
      log.info({ event: 'admin token taken up', path: file.path });
      return tokens.identifyAtOnce(secret);
    } catch (error) {
      log.warn({ event: 'admin token not read', error: toFailure(error).message });
      return undefined;
    }
  }
}
