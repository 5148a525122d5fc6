// Takes the lock of the folder it is given, says so, and holds it until its stdin ends.
import { isFailure } from '../../src/kernel/failure.ts';
import { openDataLock } from '../../src/store/data-lock.ts';

const [folder = '', url] = process.argv.slice(2);
try {
  const lock = openDataLock(folder);
  if (url !== undefined) lock.announce(url);
  process.stdout.write('locked\n');
  process.stdin.resume().on('end', () => lock.release());
} catch (error) {
  process.stdout.write(`${isFailure(error) ? `${error.code}: ${error.message}` : String(error)}\n`);
}
