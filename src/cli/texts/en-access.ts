/** Tokens, as the command line speaks of them. */
export const enAccess = {
  columns: {
    token: 'TOKEN',
    name: 'NAME',
    role: 'ROLE',
    reach: 'REACH',
    state: 'STATE',
    used: 'LAST USED',
    expires: 'EXPIRES',
  },
  made: (name: string, role: string, reach: string) =>
    `Token ${name} (role ${role}${reach === '' ? '' : `, ${reach}`}). It is shown this once:`,
  revoked: (name: string, id: string) => `Token ${name} (${id}) is revoked.`,
  reach: {
    images: (patterns: readonly string[]) => `images ${patterns.join(', ')}`,
    cluster: (cluster: string) => `cluster ${cluster}`,
    site: (site: string) => `site ${site}`,
  },
  audit: {
    columns: {
      at: 'WHEN',
      who: 'WHO',
      action: 'ACTION',
      about: 'WHAT',
      outcome: 'OUTCOME',
      from: 'FROM',
      detail: 'DETAIL',
    },
    none: 'nothing in the audit log',
    oneForm: 'say --json for one list or --jsonl for lines: one of the two',
    detail: (detail: Readonly<Record<string, unknown>>, count: number) => {
      const { changes, reason, registry, image, source, ...rest } = detail;
      const told = Array.isArray(changes)
        ? changes.join('; ')
        : [registry, reason, image, source, rest.role].filter((value) => typeof value === 'string').join(', ');
      return `${told}${count > 1 ? ` ${count} times` : ''}`.trim();
    },
  },
  never: 'never',
  none: 'no tokens',
  unknown: (name: string) => `there is no token that holds with the name or id ${name}`,
  fromFile: (path: string) => `The administrator's token, from ${path}:`,
  written: (path: string, isRevoked: boolean) =>
    `A new administrator's token, written to ${path}${isRevoked ? ' (the one there was revoked)' : ''}; the service takes it up when it is used or started:`,
  noFolder: (folder: string) =>
    `${folder} is not the data folder of a service: name the one that "entrepot serve --data" has`,
  hint: (hasToken: boolean, data: string, certPath: string | undefined) => {
    const token = `export ENTREPOT_TOKEN=$(entrepot token --data ${data})   (the first one is in ${data}/admin-token)`;
    if (!hasToken && certPath !== undefined)
      return `The certificate in ENTREPOT_CLIENT_CERT (${certPath}) is from an authority that the service does not believe, has ended, or fits none of its rules (tls.clients): ask whoever runs the service, or set a token`;
    return `${hasToken ? 'The token in ENTREPOT_TOKEN (or --token) does not hold' : 'No token is set'}. Get one from whoever runs the service; on its own machine: ${token}`;
  },
};

/** Their help. */
export const accessHelp = {
  token: {
    summary: 'make, list and revoke tokens, or find the first one',
    description:
      "Without a command below: prints the administrator's token of the data folder on this machine, the one that the service's first start wrote to its file admin-token. Where that file is gone, or its token was revoked, a new one is written, which takes the place of the one before.",
    data: "the service's data folder (ENTREPOT_DATA; default: data)",
    fresh: 'write a new one even where there is one',
    examples: ['export ENTREPOT_TOKEN=$(entrepot token --data /var/lib/entrepot)'],
  },
  tokenCreate: {
    summary: 'make a token',
    description:
      'Makes a token and prints it, this once. Roles: ci pushes the images that --image names, ops measures and chooses, cluster resolves and pulls for its --cluster, agent serves its --site, admin may do everything.',
    name: 'what the history is to call whoever has it, such as ci-team',
    role: 'ci, ops, cluster, agent or admin',
    image: 'image or pattern that it reaches, such as "team/*" (may be repeated; default for ops and cluster: all)',
    cluster: 'the cluster that it is for (role cluster)',
    site: 'the site that it is for (role agent)',
    expires: 'how long it holds, such as 90d (default: for ever)',
    examples: [
      'entrepot token create ci-team --role ci --image "team/*" --expires 90d',
      'entrepot token create us-east-prod --role cluster --cluster us-east-prod',
      'entrepot token create agent-us-east --role agent --site us-east',
    ],
  },
  tokenList: {
    summary: 'list tokens',
    description: 'Lists the tokens that hold, with --all those too that have expired or were revoked.',
    all: 'those too that hold no more',
    examples: ['entrepot token list', 'entrepot token list --all --json'],
  },
  audit: {
    summary: 'who did what',
    description:
      'Shows the audit log, newest first: choices, tokens, pushes, cancellations, failed logins, and what changed in the configuration between starts. With --json or --jsonl it prints all that match.',
    who: 'only what this caller did',
    action: 'only this action, such as choice.set',
    about: 'only what was done to this image, pattern or token',
    outcome: 'only done, refused or failed',
    since: 'only the last, such as 7d',
    jsonl: 'as JSON lines, one entry a line, to be kept or searched',
    limit: 'how many at most (default: 50; with --json or --jsonl: all)',
    examples: ['entrepot audit --about team/app', 'entrepot audit --since 30d --jsonl > audit.jsonl'],
  },
  tokenRevoke: {
    summary: 'revoke a token',
    description: 'Takes a token its power, from the next request on.',
    token: 'name or id of the token',
    examples: ['entrepot token revoke ci-team'],
  },
};
