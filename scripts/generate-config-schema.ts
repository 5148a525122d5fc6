// Writes config/regions.schema.json from the schema that validates config/regions.yaml; with --check only compares.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { makeConfigJsonSchema } from '../src/config/json-schema.ts';

const file = fileURLToPath(new URL('../config/regions.schema.json', import.meta.url));
const text = `${JSON.stringify(makeConfigJsonSchema(), null, 2)}\n`;

if (!process.argv.includes('--check')) {
  await writeFile(file, text);
} else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
  process.stderr.write(
    `${file} is not what the schema says: run "node bin/node.js scripts/generate-config-schema.ts"\n`,
  );
  process.exitCode = 1;
}
