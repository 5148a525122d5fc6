// Runs `npm run demo -- --json` and looks at the object that it prints: one object, nothing else, and true.
import { spawnSync } from 'node:child_process';

const began = Date.now();
const run = spawnSync('npm', ['run', '--silent', 'demo', '--', '--json'], { encoding: 'utf8', maxBuffer: 1e8 });
process.stderr.write(run.stderr);
const seconds = (Date.now() - began) / 1000;
const wrong = [];
const expect = (what, holds) => holds || wrong.push(what);
expect(`exit 0 (was ${run.status})`, run.status === 0);
const told = JSON.parse(run.stdout);
expect('the push is placed everywhere', told.push.state === 'placed' && told.push.transfers.every((leg) => leg.state === 'placed'));
expect('it was killed and recovered', told.killedAndRecovered === true);
expect('cn-prod pulls from home', told.resolve.before['cn-prod'].state === 'home' && told.resolve.after['cn-prod'].registry === 'aliyun-beijing');
expect('us-east-prod pulled from the default', told.resolve.before['us-east-prod'].registry === 'singapore');
expect('us-east-prod pulls from the new choice', told.resolve.after['us-east-prod'].registry === 'japan' && told.choice.registry === 'japan');
expect('the choice knows what was before', told.choice.previous === 'singapore' && told.choice.revision === 1);
expect('what was sent twice is little', told.bytesResent <= 0.2 * told.push.bytesTotal);
expect(`under 60 s (was ${seconds} s)`, seconds < 60);
for (const what of wrong) process.stderr.write(`does not hold: ${what}\n`);
process.exit(wrong.length === 0 ? 0 : 1);
