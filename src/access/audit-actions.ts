/** Everything that the audit log knows to have happened, by the word under which it has it. */
export const AUDIT_ACTIONS = [
  'push.create',
  'push.cancel',
  'push.retry',
  'choice.set',
  'choice.withdraw',
  'choice.follow',
  'benchmark.create',
  'benchmark.stop',
  'benchmark.resume',
  'credentials.mint',
  'registries.examine',
  'token.create',
  'token.revoke',
  'notification.subscribe',
  'notification.unsubscribe',
  'door.push',
  'door.delete',
  'login',
  'configuration.change',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];
