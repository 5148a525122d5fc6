/**
 * Who may import whom. Imports point downward only; within a band, folders that are not listed for each other do not
 * meet. `docs/architecture.md` shows this table, and a test keeps the two and the code the same.
 */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // vocabulary
  kernel: [],
  oci: ['kernel'],
  regions: ['kernel', 'oci'],
  events: ['kernel', 'oci', 'regions'],
  // mechanics
  net: ['kernel'],
  config: ['kernel', 'oci', 'regions'],
  registry: ['kernel', 'oci', 'regions', 'net'],
  providers: ['kernel', 'oci', 'regions', 'net', 'registry'],
  // work: these never import each other
  sync: ['kernel', 'oci', 'regions', 'events', 'net', 'registry'],
  bench: ['kernel', 'oci', 'regions', 'events', 'net', 'registry'],
  pull: ['kernel', 'oci', 'regions', 'registry'],
  choice: ['kernel', 'oci', 'regions', 'events'],
  access: ['kernel', 'oci', 'regions', 'events'],
  notify: ['kernel', 'oci', 'regions', 'events', 'net'],
  // memory: implements ports that the work folders own
  store: ['kernel', 'oci', 'regions', 'sync', 'bench', 'choice', 'access', 'notify', 'pull'],
  depot: ['kernel', 'oci', 'sync'],
  telemetry: ['kernel', 'events'],
  // doors
  api: ['kernel', 'oci', 'regions', 'events', 'sync', 'bench', 'choice', 'access', 'notify', 'telemetry'],
  'api/v2': ['kernel', 'oci', 'telemetry'],
  cli: ['kernel', 'oci', 'regions', 'net', 'config', 'access', 'api'],
  app: ['*'],
};

/** Packages that only one folder knows. */
export const KNOWN_ONLY_TO: Readonly<Record<string, readonly string[]>> = {
  undici: ['net'],
  nodemailer: ['notify'],
  'better-sqlite3': ['store'],
  kysely: ['store'],
  pino: ['telemetry'],
  'prom-client': ['telemetry'],
  '@aws-sdk/client-ecr': ['providers'],
  '@aws-sdk/credential-providers': ['providers'],
  '@alicloud/openapi-client': ['providers'],
  '@alicloud/credentials': ['providers'],
  '@alicloud/tea-util': ['providers'],
  hono: ['api'],
  '@hono/zod-openapi': ['api'],
  '@hono/node-server': ['api'],
  commander: ['cli'],
  yaml: ['config'],
  croner: ['config', 'bench'],
  'tar-stream': ['sync', 'app'],
  jose: ['access'],
  koffi: ['net', 'app'],
};
