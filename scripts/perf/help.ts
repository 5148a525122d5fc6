/** What each part measures. */
const PARTS: Readonly<Record<string, string>> = {
  copy: 'copying 1 GB in 4 layers between two docker-registries, against skopeo; with and without syncing the depot',
  door: 'pushing 1 GB to the service by skopeo, against docker-registry; its memory; when it is placed',
  lag: 'a docker push over a capped line to a registry over another: how long after its last manifest it is placed',
  pull: 'pulling 1 GB through the service by skopeo, against docker-registry; its memory',
  memory: 'peak memory while a layer of 1 GB and one of 10 GB are copied (10 GB of room on the disk)',
  resolve: 'resolving over 100 and 100,000 releases, against an HTTP handler that does nothing',
  start: 'starting over 100,000 releases, to the first 200 of /readyz',
  unchanged: 'requests while 500 unchanged releases are pushed again',
  sampler: 'what measuring takes of the goodput that is measured, over a capped line of the WAN laboratory (root)',
  campaign: 'memory of the service while a benchmark of twenty rounds uploads to four docker-registries',
  report: 'a report over a million samples: time, error, how late the event loop is, memory',
};

/** What `npm run perf -- --help` prints, where there are these parts. */
export function formatPerfHelp(parts: readonly string[]): string {
  const width = Math.max(...parts.map((part) => part.length));
  return `Usage: npm run perf -- [PART…] [OPTIONS]

Measures the figures of docs/performance.md on this machine, each as a ratio against a peer or a bare baseline that does the
same work in the same run: seconds of different machines, or of different hours of one, say nothing about each other.
Without a part all are measured, which takes some minutes; on a machine that does something else the ratios spread, too.

Parts
${parts.map((part) => `  ${part.padEnd(width)}  ${PARTS[part] ?? ''}`.trimEnd()).join('\n')}

Options
  --gigabytes N   size of what copy, door and pull move (1)
  --rounds N      how many pairs door and pull measure (5)
  --json          all figures as one JSON object on stdout
  -h, --help      this

Needs docker-registry and skopeo (apt-get install docker-registry skopeo) for all but resolve, start and report. The tables
over the border are \`npm run perf:wan\`.

Exit status: 0 when it was measured, whether the goals were reached or not; 1 when it could not be; 2 for wrong usage.

Examples
  npm run perf -- resolve
  npm run perf -- copy memory --json > figures.json
`;
}
