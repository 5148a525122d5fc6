import { makeWanRows } from './wan-rows.ts';

/** What `npm run perf:wan -- --help` prints. */
export function formatHelp(): string {
  const rows = makeWanRows();
  const width = Math.max(...rows.map(({ id }) => id.length));
  const lines = rows.map(({ id, world, work, goal }) => {
    const wanted = typeof goal === 'number' ? `at most ${goal} s` : 'a goal that follows from its floor';
    return `  ${id.padEnd(width)}  ${world}, ${work}: ${wanted}`;
  });
  return `Usage: npm run perf:wan -- [OPTIONS]

Builds the regions as network namespaces with emulated long, lossy links between them, and runs skopeo and entrepôt in
turns over the same work, each run in a laboratory and on an empty disk of its own. Seconds run from the 202 to placed.
Prints each run, and at the end a table: floor (payload ÷ rate ÷ 0.965), medians, and whether each row reaches all that is
asked of it. The seconds are judged by the median, all else in every run: that each run is placed; that nothing but what
was cut is sent twice (one chunk for each blob in flight); for a capped line also how many connections there are and how
much TCP sends again.

Options
  --only PREFIX   only rows whose id begins with this
  --runs N        runs of each row (3)
  --no-skopeo     entrepôt alone, which takes less than half of the time
  --megabytes N   payloads of this size instead, to try the harness out; no goals then
  --json          the table as one JSON array on stdout; null is what was not measured
  -h, --help      this

Rows
${lines.join('\n')}

Needs root, iproute2, cc, /dev/net/tun and docker-registry 2.8; skopeo to compare with; Go and a module proxy for the rows
of distribution 3. What is missing is said, and its rows are left out. A kernel without bbr cannot reach the goals of
single layers, which is said too. All rows with skopeo take some hours. Run it while the machine does nothing else, or as
\`nice -n -10 npm run perf:wan\`; where the scheduler weighs sessions against each other (autogroup), nice alone does
little, and \`echo -10 > /proc/self/autogroup\` in the same shell is what helps.

Exit status: 0 when all that was asked for was measured, reached or not; 1 when something could not be; 2 for wrong usage;
130 when it was interrupted.

Examples
  npm run perf:wan -- --only day-read-1 --runs 3 --no-skopeo
  npm run perf:wan -- --only evening --json > evening.json
`;
}
