// Runs `npm run demo -- --json` and looks at the object that it prints: one object, nothing else, true, in a minute.
import { spawnSync } from 'node:child_process';

const LIMIT_SECONDS = 60;

const began = performance.now();
const run = spawnSync('npm', ['run', '--silent', 'demo', '--', '--json'], {
  encoding: 'utf8',
  maxBuffer: 1e8,
  stdio: ['ignore', 'pipe', 'inherit'],
  timeout: 3 * LIMIT_SECONDS * 1_000,
});
const seconds = (performance.now() - began) / 1_000;
const wrong = [];
const expect = (what, holds) => holds || wrong.push(what);

expect(`exit 0 (was ${run.signal ?? run.status})`, run.status === 0);
expect(`under ${LIMIT_SECONDS} s (was ${seconds.toFixed(1)} s)`, seconds < LIMIT_SECONDS);
const told = parse(run.stdout);
expect('stdout holds one JSON object and nothing else', told !== undefined);
if (told !== undefined) {
  const { push, choice, resolve } = told;
  expect(
    'the push is placed everywhere',
    push.state === 'placed' && push.transfers.every((leg) => leg.state === 'placed'),
  );
  expect('it was killed and recovered', told.killedAndRecovered === true);
  expect('cn-prod pulls from home before', resolve.before['cn-prod'].state === 'home');
  expect('cn-prod pulls from home after', resolve.after['cn-prod'].registry === 'aliyun-beijing');
  expect('us-east-prod pulled from the default', resolve.before['us-east-prod'].registry === 'korea');
  expect('us-east-prod pulls from the new choice', resolve.after['us-east-prod'].registry === 'singapore');
  expect('the choice is the new one', choice.registry === 'singapore' && choice.revision === 1);
  expect('the choice knows what was before', choice.previous === 'korea');
  const { benchmark, recommendation } = told.measured;
  expect(
    'six rounds of four relays were measured both ways',
    benchmark.state === 'finished' && benchmark.samples === 48,
  );
  expect(
    'an agent at us-east measured the way down',
    recommendation.site === 'us-east' &&
      recommendation.legs.join() === 'upload,download' &&
      recommendation.ranked.every(({ figures }) => figures?.legs.download > 0),
  );
  expect(
    'the steady relay is recommended, provisionally',
    recommendation.registry === 'singapore' && recommendation.state === 'provisional',
  );
  expect('it says why', recommendation.reasons.length > 0);
  expect('it says what a decision needs', recommendation.missing.length > 0);
  expect('the choice keeps the evidence', choice.evidence?.registry === 'singapore');
  expect('what was sent twice is little', told.bytesResent <= 0.2 * push.bytesTotal);
}
for (const what of wrong) process.stderr.write(`does not hold: ${what}\n`);
process.stderr.write(`the demo took ${seconds.toFixed(1)} s\n`);
process.exit(wrong.length === 0 ? 0 : 1);

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
