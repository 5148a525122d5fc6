import { spawn } from 'node:child_process';
import { Failure } from '../kernel/failure.ts';
import { Secret } from '../kernel/secret.ts';
import type { Credentials } from './credentials.ts';

const MAX_OUTPUT_BYTES = 256 * 1024;
/** The user name by which a helper says that the secret is an identity token. */
const TOKEN_USER = '<token>';

/**
 * Asks `docker-credential-<name> get` for a server's credentials; a helper that knows none is anonymous. Its output is
 * never quoted, because it may hold the secret. Throws `secret_missing`.
 * Source: docker/docker-credential-helpers, README, "Development": the server on stdin, JSON on stdout.
 */
export async function runCredentialHelper(name: string, server: string, timeoutMs: number): Promise<Credentials> {
  const program = `docker-credential-${name}`;
  // The name comes from a file: it must stay one program of the PATH.
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) {
    throw new Failure('secret_missing', 'the docker configuration names a credential helper that is no program name');
  }
  const { exitCode, output } = await run(program, server, timeoutMs);
  if (exitCode !== 0) {
    if (/credentials not found/i.test(output)) return { kind: 'none' };
    throw new Failure('secret_missing', `${program} failed for ${server} with exit status ${exitCode}`);
  }
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    throw new Failure('secret_missing', `${program} answered something that is not JSON for ${server}`);
  }
  const { Username: username, Secret: secret } = Object(answer) as { Username?: unknown; Secret?: unknown };
  if (typeof username !== 'string' || typeof secret !== 'string') {
    throw new Failure('secret_missing', `${program} answered no user name and secret for ${server}`);
  }
  if (username === TOKEN_USER) return { kind: 'identity-token', token: new Secret(secret) };
  return username === '' && secret === ''
    ? { kind: 'none' }
    : { kind: 'basic', username, password: new Secret(secret) };
}

function run(program: string, input: string, timeoutMs: number): Promise<{ exitCode: number | null; output: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ exitCode: number | null; output: string }>();
  const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    child.stdout.destroy();
    reject(new Failure('secret_missing', `${program} gave no answer within ${timeoutMs} ms`));
  }, timeoutMs);
  child.on('error', (cause) => {
    clearTimeout(timer);
    reject(new Failure('secret_missing', `${program} could not be run`, { cause }));
  });
  child.stdout.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.byteLength;
    if (sizeBytes <= MAX_OUTPUT_BYTES) chunks.push(chunk);
    else child.kill('SIGKILL');
  });
  // A helper that ends without reading its input breaks the pipe, which says nothing its exit status does not.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  child.on('close', (exitCode) => {
    clearTimeout(timer);
    resolve({ exitCode, output: Buffer.concat(chunks).toString('utf8') });
  });
  return promise;
}
