// Asks the registry which packages of the lock file have known weaknesses (`npm audit`).
// Exit status: 0 answered, none that counts · 1 answered, some do · 75 (sysexits.h, EX_TEMPFAIL) nobody answered.
import { spawnSync } from 'node:child_process';
import { judgeAudit } from './judge-audit.mjs';

const NOT_ANSWERED = 75;
const { stdout, error } = spawnSync('npm', ['audit', '--json', '--audit-level=none'], {
  encoding: 'utf8',
  maxBuffer: 2 ** 26,
  timeout: 120_000,
});
const verdict = judgeAudit(error === undefined ? stdout : '');
process.stdout.write(`${verdict.lines.join('\n')}\n`);
process.exit({ clean: 0, weak: 1, unanswered: NOT_ANSWERED }[verdict.outcome]);
