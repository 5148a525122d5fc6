// Loaded before a script whose parent holds the other end of file descriptor 3. When the parent is gone (kill -9, out
// of memory) that end closes, and so does this process: a service must not live on unseen, holding its data folder.
import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';

const LIFELINE_FD = 3;
const TIDY_UP_MS = 10_000;

function isOnLifeline() {
  try {
    return isMainThread && process.channel === undefined && fstatSync(LIFELINE_FD).isSocket();
  } catch {
    return false;
  }
}

if (isOnLifeline()) {
  const line = new Socket({ fd: LIFELINE_FD, readable: true, writable: false });
  line.on('error', () => {});
  line.on('close', () => {
    // All that the service has acknowledged is on disk, and whoever starts it again wants its data folder now. Other
    // commands may have something to put away first.
    const command = process.argv.slice(2).find((argument) => !argument.startsWith('-'));
    process.kill(process.pid, command === 'serve' ? 'SIGKILL' : 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), TIDY_UP_MS).unref();
  });
  line.resume();
  line.unref();
}
