import { rename, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../kernel/failure.ts';
import { read } from '../api-calls.ts';
import type { ApiClient } from '../api-client.ts';
import { type PullCredentialsAnswer, pullCredentialsSchema } from '../api-schema.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { secretManifest } from '../secret-manifest.ts';
import { openWait } from '../wait.ts';

export type PullSecretOptions = {
  readonly cluster: string;
  readonly name: string;
  readonly namespace?: string;
  readonly file?: string;
  readonly watch?: boolean;
};

/** Renewed at half of what is left, so that one failed attempt is never the end; neither hastily nor rarely. */
const SHORTEST_MS = 30_000;
const LONGEST_MS = 4 * 3_600_000;
const AFTER_FAILURE_MS = 30_000;

/** Writes what a cluster pulls with, once or again and again: a Secret manifest to stdout, a docker config to a file. */
export async function runPullSecret(context: CliContext, options: PullSecretOptions): Promise<number> {
  const { io, err } = context;
  const client = await context.openClient();
  using wait = openWait(io, undefined);
  for (;;) {
    let pauseMs: number;
    try {
      const answer = await ask(client, options.cluster, wait.signal);
      await write(context, answer, options);
      if (!options.watch) return answer.missing.length === 0 ? EXIT_STATUS.done : EXIT_STATUS.failed;
      pauseMs = pauseBeforeRenewal(answer, io.clock.nowMs());
    } catch (error) {
      if (wait.signal.aborted) return EXIT_STATUS.interrupted;
      if (!options.watch || !(error instanceof Failure) || isFinal(error)) throw error;
      err.print(...context.explain(error));
      pauseMs = AFTER_FAILURE_MS;
    }
    try {
      await sleep(pauseMs, undefined, { signal: wait.signal });
    } catch {
      return EXIT_STATUS.interrupted;
    }
  }
}

/** Would asking again, unchanged, give the same? */
function isFinal(error: Failure): boolean {
  return !error.mayRetry && error.code !== 'secret_missing';
}

export function pauseBeforeRenewal(answer: Pick<PullCredentialsAnswer, 'expiresAt'>, nowMs: number): number {
  const leftMs = answer.expiresAt === null ? LONGEST_MS : (Date.parse(answer.expiresAt) - nowMs) / 2;
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, leftMs));
}

async function ask(client: ApiClient, cluster: string, signal: AbortSignal): Promise<PullCredentialsAnswer> {
  const path = `/v1/clusters/${encodeURIComponent(cluster)}/pull-credentials`;
  return read(pullCredentialsSchema, await client.request({ method: 'GET', path, signal }));
}

async function write(context: CliContext, answer: PullCredentialsAnswer, options: PullSecretOptions): Promise<void> {
  const { texts, json, out, err } = context;
  if (options.file !== undefined) await replaceFile(options.file, `${JSON.stringify(answer.dockerconfigjson)}\n`);
  if (json) out.printJson(answer);
  else if (options.file === undefined) out.print(...secretManifest(answer, options));
  else err.print(texts.pullSecret.written(options.file, answer.registries.length, answer.expiresAt));
  if (!json) for (const { registry, reason } of answer.missing) err.print(texts.pullSecret.missing(registry, reason));
}

/** Whoever reads it meanwhile sees the old one or the new one, whole. */
async function replaceFile(path: string, content: string): Promise<void> {
  const fresh = `${path}.new`;
  try {
    await writeFile(fresh, content, { mode: 0o600 });
    await rename(fresh, path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw new Failure('validation_failed', `writing ${path} failed (${code})`, { cause });
  }
}
