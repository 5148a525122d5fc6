import { open } from 'node:fs/promises';
import { Failure } from '../kernel/failure.ts';
import { Secret } from '../kernel/secret.ts';
import type { SecretReference } from '../regions/world.ts';
import type { Environment } from './environment.ts';

// No password or token comes near this; a mistaken path to something large is not read into memory.
const MAX_SECRET_BYTES = 64 * 1024;

/**
 * The secret that a reference names, read anew each time so that a rotated file is seen. Of a file it is the first
 * line, trimmed. Throws `secret_missing` naming the variable or the file, never what is in it.
 */
export async function readSecret(
  reference: SecretReference,
  environment: Pick<Environment, 'findVariable'>,
): Promise<Secret> {
  if (reference.from === 'env') {
    const secret = environment.findVariable(reference.name);
    if (secret === undefined || secret.reveal().trim() === '') {
      throw new Failure(
        'secret_missing',
        `reading a secret: the environment variable ${reference.name} is not set or empty`,
      );
    }
    return secret;
  }
  const line = (await readStart(reference.name)).split(/\r?\n/, 1)[0]?.trim() ?? '';
  if (line === '')
    throw new Failure('secret_missing', `reading a secret: the first line of the file ${reference.name} is empty`);
  return new Secret(line);
}

async function readStart(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    // A pipe or device might never answer.
    if (!(await file.stat()).isFile()) throw new Failure('secret_missing', `reading a secret: ${path} is not a file`);
    const buffer = Buffer.alloc(MAX_SECRET_BYTES);
    let sizeBytes = 0;
    while (sizeBytes < buffer.length) {
      const { bytesRead } = await file.read(buffer, sizeBytes, buffer.length - sizeBytes, sizeBytes);
      if (bytesRead === 0) break;
      sizeBytes += bytesRead;
    }
    return new TextDecoder().decode(buffer.subarray(0, sizeBytes));
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new Failure('secret_missing', `reading a secret: the file ${path} cannot be read (${code})`, {
      cause: error,
    });
  }
}
