import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs `skopeo copy` with these arguments, keeping digests; throws when it fails. */
export async function skopeoCopy(...args: string[]): Promise<void> {
  const child = spawn('skopeo', ['copy', '--insecure-policy', '--quiet', '--preserve-digests', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`skopeo ended with ${code}`);
}
