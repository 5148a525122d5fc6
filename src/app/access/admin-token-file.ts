import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { newTokenSecret } from '../../access/token-secret.ts';
import { parseToken } from '../../config/environment.ts';
import { Failure, isFailure } from '../../kernel/failure.ts';
import type { Secret } from '../../kernel/secret.ts';
import { writeOwnersFile } from './owners-file.ts';

/**
 * `admin-token` in the data folder: the administrator's first token, readable by the folder's owner alone. The service
 * keeps only its hash, so the file may be put away once the token is somewhere safe; a new token that is written there
 * takes the place of the one before.
 */
export class AdminTokenFile {
  readonly path: string;

  constructor(folder: string) {
    this.path = join(folder, 'admin-token');
  }

  /** The token in it; undefined where there is no file. Throws `data_unusable` for one that cannot be read or holds no token. */
  read(): Secret | undefined {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new Failure('data_unusable', `reading ${this.path}: ${(cause as Error).message}`, { cause });
    }
    try {
      return parseToken(text);
    } catch (error) {
      if (!isFailure(error)) throw error;
      throw new Failure(
        'data_unusable',
        `${this.path} holds no token: it ${error.message}; remove it, or write one anew with entrepot token`,
      );
    }
  }

  /** Writes a new token in place of what is there. */
  writeNew(): Secret {
    const secret = newTokenSecret();
    writeOwnersFile(this.path, `${secret.reveal()}\n`);
    return secret;
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }

  /** Another value whenever the file is another; undefined while there is none. */
  version(): string | undefined {
    const found = statSync(this.path, { throwIfNoEntry: false });
    return found === undefined ? undefined : `${found.ino}:${found.mtimeMs}`;
  }
}
