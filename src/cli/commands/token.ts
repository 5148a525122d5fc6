import { loadFirstToken } from '../app-contract.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { enAccess as words } from '../texts/en-access.ts';
import { usageFailure } from '../usage-failure.ts';

export type TokenOptions = { readonly data?: string; readonly new?: boolean };

export const DEFAULT_DATA = 'data';

/** The administrator's token of a data folder on this machine, alone on stdout so that a shell can take it. */
export async function runToken(context: CliContext, options: TokenOptions): Promise<number> {
  const { environment, texts, json, out, err } = context;
  const folder = options.data ?? environment.dataPath ?? DEFAULT_DATA;
  const firstToken = await loadFirstToken(texts);
  const found = firstToken(folder, { isNew: options.new ?? false });
  if (found === undefined) throw usageFailure(words.noFolder(folder));
  const token = found.token.reveal();
  if (json) {
    out.printJson({ token, path: found.path, isNew: found.isNew });
    return EXIT_STATUS.done;
  }
  err.print(found.isNew ? words.written(found.path, found.isRevoked) : words.fromFile(found.path));
  out.print(token);
  return EXIT_STATUS.done;
}
