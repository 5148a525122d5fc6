import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Wan } from '../../../test/support/wan/open-wan.ts';
import { stopChild } from './far-side.ts';
import { strike } from './mishap.ts';
import { PAYLOAD_REPOSITORY, tagOf } from './seed-payload.ts';
import type { WanRow } from './wan-rows.ts';

/** Has skopeo do a row's work and answers the seconds; killed by the row's mishap, it is started again. */
export async function runSkopeo(
  row: WanRow,
  wan: Wan,
  at: { readonly source: string; readonly targets: readonly string[] },
  signal: AbortSignal,
): Promise<number> {
  const image = `${PAYLOAD_REPOSITORY}:${tagOf(row.payload)}`;
  const args = ['copy', '--insecure-policy', '--quiet', '--all', '--src-tls-verify=false', '--dest-tls-verify=false'];
  const start = (): ChildProcess =>
    wan.spawn(row.mover, 'skopeo', [...args, `docker://${at.source}/${image}`, `docker://${at.targets[0]}/${image}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal,
      killSignal: 'SIGKILL',
    });
  const over = new AbortController();
  const beganAt = performance.now();
  let child = start();
  let again: ChildProcess | undefined;
  const kill = async () => {
    again = start();
    await stopChild(child);
  };
  const mishap = strike(row, wan, kill, AbortSignal.any([signal, over.signal]));
  mishap.catch(() => {});
  try {
    for (;;) {
      await untilItEnds(child, () => again !== undefined);
      if (again === undefined) return (performance.now() - beganAt) / 1_000;
      child = again;
      again = undefined;
    }
  } finally {
    over.abort();
    await mishap.catch(() => {});
    await stopChild(child);
  }
}

/** Throws what it complained of when it fails, unless it is about to be replaced by another. */
async function untilItEnds(child: ChildProcess, isReplaced: () => boolean): Promise<void> {
  let complaint = '';
  child.stderr?.on('data', (chunk) => {
    complaint = `${complaint}${chunk}`.slice(-300);
  });
  const [code] = await once(child, 'close').catch(() => ['it took too long']);
  if (code !== 0 && !isReplaced()) throw new Error(`skopeo ended with ${code}: ${complaint.trim()}`);
}
