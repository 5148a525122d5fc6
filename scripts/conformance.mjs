// Runs the official conformance suite of the OCI distribution specification against the service, once as the released
// specification has it (OCI_VERSION=1.1) and once as its main branch does (dev), every other setting at the suite's own
// default. Prints what failed and what was skipped, and `N passed, N failed, N skipped` last.
// Source: https://github.com/opencontainers/distribution-spec/tree/main/conformance (needs Go 1.24 or newer).
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const SUITE = 'github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111';
const ENTREPOT = resolve(import.meta.dirname, '../bin/entrepot.js');
/** The suite logs in as an administrator, since it deletes too. */
const TOKEN = 'conformance-administrator';
const folder = mkdtempSync(join(tmpdir(), 'entrepot-conformance-'));
const total = { passed: 0, failed: 0, skipped: 0 };
let service;
try {
  const program = buildSuite();
  const url = await startService();
  for (const version of ['1.1', 'dev']) runSuite(program, url, version);
} finally {
  service?.kill('SIGTERM');
  if (service?.exitCode === null) await new Promise((done) => service.once('exit', done));
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;

function buildSuite() {
  const bin = join(folder, 'bin');
  const { status, error, stderr } = spawnSync('go', ['install', SUITE], {
    env: { ...process.env, GOBIN: bin },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`building the suite: ${error?.message ?? stderr}`);
  return join(bin, 'conformance');
}

async function startService() {
  const config = join(folder, 'regions.yaml');
  // A home registry that nobody runs: nothing of the suite's images is distributed, so nobody asks it.
  writeFileSync(
    config,
    JSON.stringify({
      registries: { nowhere: { kind: 'oci', role: 'home', region: 'nowhere', url: 'http://127.0.0.1:9' } },
      sites: { here: { service: true } },
      distribute: { 'conformance/*': { tags: ['*'], except: ['*'] } },
    }),
  );
  const args = [ENTREPOT, 'serve', '--config', config, '--data', join(folder, 'data'), '--listen', '127.0.0.1:0'];
  service = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ENTREPOT_ADMIN_TOKEN: TOKEN },
  });
  let log = '';
  return new Promise((found, fail) => {
    service.once('exit', () => fail(new Error(`the service did not start: ${log}`)));
    service.stdout.on('data', (text) => {
      log += text;
      const url = /"url":"(http:[^"]+)"/.exec(log)?.[1];
      if (url !== undefined) found(url);
    });
  });
}

function runSuite(program, url, version) {
  const results = join(folder, `results-${version}`);
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('OCI_'));
  const { error, stdout, stderr } = spawnSync(program, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    env: {
      ...Object.fromEntries(inherited),
      OCI_REGISTRY: new URL(url).host,
      OCI_TLS: 'disabled',
      OCI_USERNAME: 'conformance',
      OCI_PASSWORD: TOKEN,
      OCI_REPO1: `conformance/one-${version}`,
      OCI_REPO2: `conformance/two-${version}`,
      OCI_VERSION: version,
      OCI_RESULTS_DIR: results,
    },
  });
  if (error !== undefined) throw error;
  const cases = readCases(join(results, 'junit.xml'));
  if (cases.length === 0) throw new Error(`the suite ran no test: ${stdout}${stderr}`);
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, outcome, text } of cases) {
    count[outcome] += 1;
    total[outcome] += 1;
    if (outcome !== 'passed') console.log(`${outcome}  ${version}  ${name}${outcome === 'failed' ? `\n${text}` : ''}`);
  }
  const disabled = readDisabled(join(results, 'results.yaml'));
  if (disabled.length > 0) console.log(`off by the suite's default  ${version}  ${disabled.join(', ')}`);
  console.log(`OCI_VERSION=${version}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
}

/** The cases of the suite's JUnit report, each with the status that the suite gave it; any but these two is a failure. */
function readCases(path) {
  return [...readFileSync(path, 'utf8').matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)].map(
    ([, attributes = '', text = '']) => {
      const find = (name) => new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
      const status = find('status');
      return { name: find('name'), outcome: status === 'passed' || status === 'skipped' ? status : 'failed', text };
    },
  );
}

/** What the suite leaves out by its own defaults for the version. */
function readDisabled(path) {
  return [...readFileSync(path, 'utf8').matchAll(/^ +(.+): Disabled$/gm)].map(([, name]) => name);
}
