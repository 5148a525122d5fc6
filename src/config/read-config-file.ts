import { createReadStream } from 'node:fs';
import { Failure } from '../kernel/failure.ts';

// Hundreds of registries and sources fit into a tenth of it.
const MAX_FILE_BYTES = 1024 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this process may not read it',
  EPERM: 'this process may not read it',
};

/** The text of a configuration file. Throws `config_invalid` when it cannot be read, is over 1 MiB or is not UTF-8. */
export async function readConfigFile(path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of createReadStream(path, { end: MAX_FILE_BYTES })) {
      chunks.push(chunk);
      sizeBytes += chunk.length;
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw refuse(
      path,
      `${REASONS[code] ?? `reading it failed (${code})`}; name another with --config FILE or ENTREPOT_CONFIG`,
      error,
    );
  }
  if (sizeBytes > MAX_FILE_BYTES) throw refuse(path, 'it is larger than 1 MiB');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw refuse(path, 'it is not UTF-8 text', error);
  }
}

function refuse(path: string, reason: string, cause?: unknown): Failure {
  return new Failure('config_invalid', `reading the configuration ${path}: ${reason}`, {
    errors: [{ path: '', detail: `${path}: ${reason}` }],
    cause,
  });
}
