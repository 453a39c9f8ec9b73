// audit.mjs: high and critical advisories of what is shipped or used to test fail. Where the registry has no audit endpoint, says so.
import { spawnSync } from 'node:child_process';

const { stdout, stderr } = spawnSync('npm', ['audit', '--json'], { encoding: 'utf8' });
let report;
try {
  report = JSON.parse(stdout);
} catch {
  report = {};
}
const counts = report.metadata?.vulnerabilities;
if (counts === undefined) {
  const reason = report.message ?? report.error?.summary ?? stderr.trim().split('\n').at(-1) ?? 'no answer';
  console.log(`npm audit: NOT CHECKED, the audit endpoint is not reachable (${String(reason).slice(0, 200)})`);
} else {
  for (const { name, severity, range } of Object.values(report.vulnerabilities)) console.log(`${severity} ${name} ${range}`);
  console.log(`npm audit: ${counts.critical} critical, ${counts.high} high, ${counts.moderate} moderate, ${counts.low} low`);
  process.exitCode = counts.critical + counts.high > 0 ? 1 : 0;
}
