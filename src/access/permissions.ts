import type { Role } from './principal.ts';

/**
 * How far a permission reaches: `none`; `any`; `images`: what belongs to images that the principal's patterns match;
 * `cluster`: the principal's own cluster and, of it, images that its patterns match; `site`: the principal's own site.
 */
export type Reach = 'none' | 'any' | 'images' | 'cluster' | 'site';

/** The reach of each role but `admin`, whose reach is `any` everywhere; `anonymous` is a caller without a token, where such are let in. */
type Row = Readonly<Record<Exclude<Role, 'admin'> | 'anonymous', Reach>> & {
  /** What it lets one do, as it follows on "may". */
  readonly does: string;
};

/**
 * Who may do what: every operation names one of these, at the API and at the OCI door alike. Nobody without a token
 * ever writes, and nobody but an administrator reads what others could abuse.
 */
export const PERMISSIONS = {
  'push.create': row('push a release', { ci: 'images' }),
  'push.read': row('see pushes and their progress', { ci: 'images', ops: 'any', anonymous: 'any' }),
  'push.steer': row('cancel and retry pushes', { ci: 'images', ops: 'images' }),
  'image.read': row('see images, releases and placements', { ci: 'images', ops: 'any', anonymous: 'any' }),
  'choice.read': row('see which registry is chosen, and why', { ci: 'images', ops: 'any', anonymous: 'any' }),
  'choice.write': row('choose a registry', { ops: 'images' }),
  resolve: row('resolve where to pull', { ci: 'images', ops: 'any', cluster: 'cluster', anonymous: 'any' }),
  'snapshot.read': row("take a site's copy of the answers", { agent: 'site' }),
  'benchmark.read': row('see measurements and recommendations', { ops: 'any', anonymous: 'any' }),
  'benchmark.run': row('start and stop benchmarks', { ops: 'any' }),
  'agent.work': row("take a site's work and report its samples", { agent: 'site' }),
  'world.read': row('see registries, clusters and the depot', { ci: 'any', ops: 'any', anonymous: 'any' }),
  'world.examine': row('try the registries with a tiny artifact', { ops: 'any' }),
  'credentials.mint': row('get a password with which a cluster pulls', { ops: 'any', cluster: 'cluster' }),
  'metrics.read': row('read the metrics', { ops: 'any', anonymous: 'any' }),
  'notification.read': row('see subscriptions and deliveries', { ops: 'any' }),
  'notification.write': row('subscribe to events', { ops: 'any' }),
  'audit.read': row('read the audit log', { ops: 'any' }),
  'token.manage': row('create, list and revoke tokens', {}),
  'door.pull': row('pull at the OCI door', { ci: 'images', ops: 'any', cluster: 'cluster', anonymous: 'any' }),
  'door.push': row('push at the OCI door', { ci: 'images' }),
  'door.delete': row('delete at the OCI door', {}),
} as const satisfies Record<string, Row>;

export type Permission = keyof typeof PERMISSIONS;

function row(does: string, reaches: Partial<Omit<Row, 'does'>>): Row {
  return { ci: 'none', ops: 'none', cluster: 'none', agent: 'none', anonymous: 'none', ...reaches, does };
}
