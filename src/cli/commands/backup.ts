import { formatByteSize } from '../../kernel/byte-size.ts';
import { loadBackup, loadRestore } from '../app-contract.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';

export type DataFolderOptions = { readonly data?: string };

const DEFAULT_DATA = 'data';

export async function runBackup(context: CliContext, file: string, options: DataFolderOptions): Promise<number> {
  const { environment, texts, json, out } = context;
  const backup = await loadBackup(texts);
  const summary = backup(options.data ?? environment.dataPath ?? DEFAULT_DATA, file);
  if (json) out.printJson(summary);
  else out.print(texts.backup.written(summary.file, formatByteSize(summary.bytes), summary.pushes));
  return EXIT_STATUS.done;
}

export async function runRestore(context: CliContext, file: string, options: DataFolderOptions): Promise<number> {
  const { environment, texts, json, out } = context;
  const restore = await loadRestore(texts);
  const summary = await restore(options.data ?? environment.dataPath ?? DEFAULT_DATA, file);
  if (json) out.printJson(summary);
  else {
    out.print(texts.backup.restored(summary.folder, summary.pushes));
    if (summary.replaced !== null) out.print(texts.backup.replaced(summary.replaced));
  }
  return EXIT_STATUS.done;
}
