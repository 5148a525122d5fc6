import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FormerKey, TOKEN_SECONDS, type TokenKeys } from '../../api/v2/signed-token.ts';
import { Failure } from '../../kernel/failure.ts';
import { writeOwnersFile } from './owners-file.ts';

/**
 * The keys of the OCI door's short-lived tokens, from `door-key` in the data folder, which its owner alone can read. Each
 * process signs with a key of its own, and believes those before it for as long as what they signed may last: docker and
 * regctl go on with the token they have when the service is started anew amid a push, and give up where it is refused.
 * A key that was read from an old copy of the folder signs nothing that is believed.
 */
export function openDoorKeys(folder: string, nowMs: number): TokenKeys {
  const path = join(folder, 'door-key');
  const former = readKeys(path, nowMs);
  const own = randomBytes(32);
  const lines = [own.toString('hex'), ...former.map(({ key, untilMs }) => `${key.toString('hex')} ${untilMs}`)];
  writeOwnersFile(path, `${lines.join('\n')}\n`);
  return { own, former };
}

/** Those that may still be believed; the key of the last process has no end yet. A file that is damaged has none. */
function readKeys(path: string, nowMs: number): FormerKey[] {
  const latestMs = nowMs + TOKEN_SECONDS * 1_000;
  return readLines(path).flatMap((line) => {
    const [, hex = '', until] = /^([0-9a-f]{64})(?: (\d{1,15}))?$/.exec(line) ?? [];
    const untilMs = Math.min(until === undefined ? latestMs : Number(until), latestMs);
    return hex !== '' && untilMs > nowMs ? [{ key: Buffer.from(hex, 'hex'), untilMs }] : [];
  });
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new Failure('data_unusable', `reading ${path}: ${(cause as Error).message}`, { cause });
  }
}
