// Holds the lock file to the rules of docs/dependencies.md. Needs no network: the answer is the same everywhere.
import { readFileSync } from 'node:fs';
import { findBreaches } from './dependency-rules.mjs';

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const breaches = findBreaches({
  manifest: JSON.parse(readFileSync('package.json', 'utf8')),
  lock,
  npmrc: readFileSync('.npmrc', 'utf8'),
  reasons: readFileSync('docs/dependencies.md', 'utf8'),
});
for (const breach of breaches) process.stderr.write(`${breach}\n`);
if (breaches.length > 0) process.exit(1);
process.stdout.write(
  `${Object.keys(lock.packages).length - 1} packages: exact, with digests, no unknown install scripts or licences\n`,
);
