/** Weaknesses from here on stop the gate. */
const COUNTS = ['moderate', 'high', 'critical'];

/** What the JSON of `npm audit` amounts to: `clean`, `weak`, or `unanswered` where it is no report of an audit. */
export function judgeAudit(stdout) {
  const report = parse(stdout);
  const counts = report?.metadata?.vulnerabilities;
  const looked = report?.metadata?.dependencies?.total;
  if (report?.auditReportVersion === undefined || counts === undefined || !(looked > 0))
    return {
      outcome: 'unanswered',
      lines: [`not answered, so nothing was audited: ${report?.message ?? report?.error?.summary ?? 'no report'}`],
    };
  const weak = Object.values(report.vulnerabilities ?? {}).filter(({ severity }) => COUNTS.includes(severity));
  if (weak.length === 0)
    return { outcome: 'clean', lines: [`audited ${looked} packages: no known weakness that counts`] };
  return { outcome: 'weak', lines: weak.map(({ name, severity, range }) => `${severity}: ${name} ${range}`) };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
