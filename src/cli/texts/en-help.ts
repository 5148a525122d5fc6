/** What `--help` says, in English: for each command one sentence, what its arguments mean, and examples that work as they stand. */
export const helpTexts = {
  titles: {
    'Usage:': 'Usage:',
    'Arguments:': 'Arguments:',
    'Options:': 'Options:',
    'Global Options:': 'Options of every command:',
    'Commands:': 'Commands:',
  } as Readonly<Record<string, string>>,
  examples: 'Examples:',
  program: `Push an image once, have it in every region, and tell each cluster where to pull it.

entrepot lands a built image at the home registry and at the relay registry chosen for it, checks every byte, and answers by digest where a cluster gets it from.`,
  programExamples: [
    'entrepot demo                                            see it work on this machine, in a minute',
    'entrepot push team/app:1.2.3 --from harbor.bj/team/app:1.2.3',
    'entrepot choose team/app singapore --reason "steadiest this week"',
    'entrepot resolve team/app:1.2.3 --cluster us-east-prod',
  ],
  exitStatus:
    'Exit status: 0 done, 1 failed (or partial, or cancelled), 2 wrong usage, 3 time ran out while\nit still goes on, 130 stopped by Ctrl-C (what was started goes on).',
  helpOption: 'show this help',
  helpCommand: 'show the help of a command',
  versionOption: 'show the version',
  url: 'the service to speak to (ENTREPOT_URL; default: http://127.0.0.1:8080)',
  token: 'token to authenticate with (better in ENTREPOT_TOKEN, where no process list shows it)',
  json: 'for programs: JSON on stdout, a problem object on stderr when something is wrong',
  timeout: (fallback: string) => `how long to wait, such as 90s or 2h (${fallback})`,
  noLimit: 'default: as long as it takes',
  defaultIs: (value: string) => `default: ${value}`,

  serve: {
    summary: 'start the service',
    description:
      'Starts the service, which keeps running until it is told to stop (Ctrl-C or SIGTERM). It logs JSON lines on stdout.',
    config: 'configuration file (ENTREPOT_CONFIG; default: config/regions.yaml)',
    data: 'folder for the database and the blobs (ENTREPOT_DATA; default: data)',
    listen: 'where to listen (ENTREPOT_LISTEN; default: 127.0.0.1:8080; port 0 takes a free one)',
    takeover: 'wait this long, such as 60s, for the service that has the data folder to end (default: do not wait)',
    pidFile: 'write the process id to signal into this file',
    tlsCert: 'PEM file with the certificate to listen with, and the intermediate ones; read again when it changes',
    tlsKey: 'PEM file with its private key',
    allowInsecureListen: 'allow an address that others can reach, although tokens cross the network as plain text',
    examples: [
      'entrepot serve',
      'entrepot serve --config /etc/entrepot/regions.yaml --data /var/lib/entrepot --listen 127.0.0.1:8080',
    ],
  },
  agent: {
    summary: 'run the agent of a site',
    description:
      'Runs the agent of a site, which keeps running until it is told to stop (Ctrl-C or SIGTERM). It keeps a copy of what the service would answer there, and answers resolves and pulls from it, also while the service cannot be reached. It takes the downloads that benchmarks ask of the site. It logs JSON lines on stdout.',
    site: 'site that it stands at, one of "sites" in the configuration of the service',
    name: 'name of this agent (default: name of the site)',
    config: 'configuration file with credentials of registries (ENTREPOT_CONFIG; default: registries are read without)',
    data: 'folder for its copy (ENTREPOT_DATA; default: agent-data)',
    listen: 'where to listen (ENTREPOT_LISTEN; default: 127.0.0.1:8081; port 0 takes a free one)',
    examples: [
      'entrepot agent --site us-east --url https://entrepot.example',
      'entrepot agent --site us-east --config /etc/entrepot/regions.yaml --data /var/lib/entrepot-agent',
    ],
  },
  push: {
    summary: 'bring an image to its registries and wait until it is there',
    description:
      'Brings one release to the home registries and to the relay registry chosen for the image. Waits until every registry has it in full; a service that is restarted meanwhile goes on by itself.',
    image: 'the release as it is to be called, with a tag: team/app:1.2.3',
    from: 'registry reference to take it from: KEY/name:tag or KEY/name@digest, KEY as in "sources" of the configuration',
    archive: 'a file of "docker save" or an OCI layout as tar to take it from; - reads standard input',
    target: 'send it to this registry, and only to those named so (may be repeated)',
    platform: 'carry this platform only, such as linux/amd64 (may be repeated; default: all)',
    label: 'note to keep with the push, such as commit=1a2b3c (may be repeated)',
    noReferrers: 'leave signatures and SBOMs behind',
    priority: 'urgent, normal or backfill (default: normal)',
    deadline: 'give up on registries that do not have it after this long, such as 6h (default: as configured)',
    idempotencyKey: 'the same key within 24 hours means the same push, not a second one',
    noWait: 'do not wait: print the id of the push as soon as it is accepted',
    examples: [
      'entrepot push team/app:1.2.3 --from harbor.bj/team/app:1.2.3',
      'docker save team/app:1.2.3 | entrepot push team/app:1.2.3 --archive -',
      'entrepot push team/app:1.2.3 --from harbor.bj/team/app:1.2.3 --target singapore --target japan --no-wait',
    ],
  },
  watch: {
    summary: 'follow a push until it is finished',
    description: 'Shows how far a push has come and ends when it is finished, with the status that "push" would have.',
    push: 'id of the push',
    examples: ['entrepot watch push_01jb2m3c4d5e6f7g8h9j0k1m2'],
  },
  choose: {
    summary: 'choose the registry that an image is pulled from',
    description:
      'Chooses the relay registry of an image, or of every image that a pattern matches. Releases in use are carried over to it; clusters move to it release by release, each when it is there in full.',
    subject: "image without tag (team/app), or a quoted pattern with * ('team/*')",
    registry: 'name of a relay registry',
    recommended: 'take the registry that the measurements advise, and keep their figures with the choice',
    provisional: 'with --recommended: take it also when too little was measured for a decision',
    site: 'with --recommended: whose clusters pull (default: the one site that pulls by choice)',
    default: 'forget the choice made for it and return to the default',
    reason: 'why, for the history',
    wait: 'wait until the releases in use are carried over',
    examples: [
      'entrepot choose team/app japan --reason "Singapore loses packets since Monday" --wait',
      "entrepot choose 'team/*' singapore",
      "entrepot choose 'team/*' --recommended",
      'entrepot choose team/app --default',
    ],
  },
  bench: {
    summary: 'measure the relay regions, and read what they say',
    description: 'What was measured of the relay regions, and what it advises.',
    examples: ['entrepot bench run --rounds 20', 'entrepot bench report', 'entrepot bench recommend'],
  },
  benchRun: {
    summary: 'measure the relay regions, up from the service’s site and down to others',
    description:
      'Uploads random bytes to every registry, round after round in random order, with small questions beside them that tell the latency; leaves nothing behind. With --legs upload,download the agents of other sites pull as well, each a payload that stays at the registry until it was not used for two days. Says first what it will move. Ctrl-C only stops watching: "bench stop" ends it.',
    rounds: 'how often every registry is measured',
    legs: 'which ways, separated by commas: upload, download (default: upload)',
    sites: 'where downloads are taken, separated by commas (default: every site with clusters and an agent of its own)',
    registries: 'names separated by commas (default: every relay)',
    payloads: 'sizes separated by commas (default: 1MB,16MB)',
    idle: 'how long round trips are probed before each sample (default: 2s)',
    flows: 'then compare one connection with eight, up to 32 MB for each registry: held up by loss, or capped?',
    seed: 'repeats the random order of an earlier one',
    noWait: 'print the id and return at once',
    timeout: 'stop watching after this long, with exit status 3 (default: no limit)',
    examples: [
      'entrepot bench run --rounds 20',
      'entrepot bench run --rounds 20 --legs upload,download --sites us-east',
      'entrepot bench run --rounds 3 --registries singapore,korea --payloads 150MB --no-wait',
    ],
  },
  benchList: {
    summary: 'list benchmarks, newest first, and schedules',
    description:
      'Lists the newest benchmarks and how far they are, and of each schedule of the configuration when it is due next and what became of its last time: the benchmark that it began, or why it was passed over.',
    examples: ['entrepot bench list'],
  },
  benchStop: {
    summary: 'stop a benchmark',
    description: 'Stops a benchmark at once. What was measured stays; "bench resume" goes on with it.',
    benchmark: 'id of the benchmark',
    examples: ['entrepot bench stop bench_01jb2m3c4d5e6f7g8h9j0k1m2'],
  },
  benchResume: {
    summary: 'go on with a stopped benchmark',
    description: 'Goes on with a stopped benchmark where it stood.',
    examples: ['entrepot bench resume bench_01jb2m3c4d5e6f7g8h9j0k1m2'],
  },
  benchReport: {
    summary: 'show what was measured',
    description:
      'Shows each relay and leg: how long a usual image takes, how steady that is, and when it is slow. Up is the way from CI to the registry, down from there to the clusters; the lowest tenth (P10) and failures tell what the median hides.',
    benchmark: 'id of a benchmark (default: all that was measured lately)',
    site: 'whose clusters pull (default: the one site that pulls by choice)',
    format: 'a page with charts (html), lines for a spreadsheet (csv), or json (default: table)',
    output: 'write it to this file',
    payload: 'of the sizes that were measured the one to report, such as 16MB',
    window: 'how far back, such as 30d (default: as configured; a benchmark whole)',
    examples: [
      'entrepot bench report',
      'entrepot bench report --format html --output report.html',
      'entrepot bench report --window 30d --format csv',
    ],
  },
  benchRecommend: {
    summary: 'say which relay the measurements advise, and why',
    description:
      'Says which relay the measurements of the last days advise: stability first, then speed. It is advice; "entrepot choose" decides.',
    site: 'whose clusters pull (default: the one site that pulls by choice)',
    image: 'for this image: its size, and the relay chosen for it now',
    size: 'for images of this size, such as 1GB',
    examples: ['entrepot bench recommend', 'entrepot bench recommend --image team/app'],
  },
  resolve: {
    summary: 'say where a cluster gets an image from',
    description:
      'Prints the reference that the cluster should pull, by digest, and nothing else on stdout. Never one that is not there in full; when it is not the chosen registry, stderr says why.',
    image: 'release: team/app:1.2.3, or team/app@sha256:... to go back to it',
    cluster: 'name of the cluster that will pull it (default: the one that the token is for)',
    wait: 'give the chosen registry this long to have it, such as 60s',
    examples: [
      'entrepot resolve team/app:1.2.3 --cluster us-east-prod',
      'kubectl set image deploy/app app=$(entrepot resolve team/app:1.2.3 --cluster us-east-prod --wait 60s)',
    ],
  },
  images: {
    summary: 'list images, or the releases of one',
    description: 'Lists every image; with NAME its releases, and which registries have each of them.',
    name: 'image without tag: team/app',
    examples: ['entrepot images', 'entrepot images team/app'],
  },
  pushes: {
    summary: 'list pushes, newest first',
    description: 'Lists pushes, the newest first.',
    image: 'only those of this image (team/app) or release (team/app:1.2.3)',
    state: 'only those that are running, placed, partial, failed or cancelled',
    limit: 'at most this many (default: 20)',
    examples: ['entrepot pushes', 'entrepot pushes --image team/app --state failed'],
  },
  cancel: {
    summary: 'stop a push',
    description: 'Stops a push. Registries that have the release already keep it.',
    push: 'id of the push',
    examples: ['entrepot cancel push_01jb2m3c4d5e6f7g8h9j0k1m2'],
  },
  retry: {
    summary: 'try what failed in a push again',
    description:
      'Queues every registry of a push that failed or was cancelled once more. What is there already is not sent again.',
    push: 'id of the push',
    examples: ['entrepot retry push_01jb2m3c4d5e6f7g8h9j0k1m2 && entrepot watch push_01jb2m3c4d5e6f7g8h9j0k1m2'],
  },
  pullSecret: {
    summary: 'write what a cluster pulls with, and keep it fresh',
    description:
      'Prints an imagePullSecret for kubectl apply, with credentials that may only pull: of the registries’ pullCredentials. With --file writes a docker config.json instead. Exit status 1 when nothing could be made for one of the registries.',
    cluster: 'the cluster that pulls',
    name: 'name of the Secret',
    namespace: 'its namespace (default: that of kubectl)',
    file: 'write a docker config.json there, replaced whole',
    watch: 'go on: again at half of what is left of their life',
    examples: [
      'entrepot pull-secret --cluster us-east-prod --namespace web3d | kubectl apply -f -',
      'entrepot pull-secret --cluster us-east-prod --file /run/entrepot/config.json --watch',
    ],
  },
  doctor: {
    summary: 'try what pushes and pulls need of each registry',
    description:
      'Looks at every configured registry (or one) from this machine: DNS, TCP, TLS, clock, credentials, creating, pushing and pulling a tiny artifact that it removes again, where blobs come from, congestion control. Says what to do about each thing that fails; exit status 1 then.',
    registry: 'only this registry of the configuration',
    server: 'ask the running service, which looks from where it is and with its own secrets',
    examples: [
      'entrepot doctor --config config/regions.yaml',
      'entrepot doctor singapore --json',
      'entrepot doctor --server',
    ],
  },
  backup: {
    summary: 'write the database of a data folder to a file',
    description:
      'Writes everything the service remembers (pushes, placements, choices, their history) to one file, as it is at one instant, also while the service runs. The blobs of the depot are not in it: they are found again at the sources and registries. Run it where the data folder is.',
    file: 'the file to write; an earlier one of that name is replaced when the new one is whole',
    examples: ['entrepot backup /backups/entrepot-monday.db --data /var/lib/entrepot'],
  },
  restore: {
    summary: 'put a backup in the place of a data folder’s database',
    description:
      'Puts a backup in place while no service runs on the data folder. The database that was there is kept beside it. What was pushed or chosen after the backup is not known any more; push it again.',
    file: 'a file that "entrepot backup" wrote',
    examples: ['entrepot restore /backups/entrepot-monday.db --data /var/lib/entrepot'],
  },
  demo: {
    summary: 'see it work on this machine, in a minute',
    description:
      'Starts a service and five small registries on this machine, each at a pretended distance; pushes an image, kills the service halfway and starts it again, chooses another registry, resolves. Needs no network, no Docker and no rights; leaves nothing behind.',
    keep: 'leave everything running afterwards and print the addresses',
    examples: ['entrepot demo', 'entrepot demo --keep'],
  },
};
