import type { SecretReference } from './world.ts';

/** What can be told. */
export const NOTICE_EVENTS = [
  'push.placed',
  'push.failed',
  'transfer.failed',
  'transfer.recovered',
  'placement.lost',
  'placement.repaired',
  'choice.changed',
  'recommendation.followed',
  'registry.down',
  'registry.up',
  'agent.lost',
  'agent.back',
  'certificate.ends',
  'certificate.renewed',
  'disk.full',
  'disk.free',
] as const;

export type NoticeEvent = (typeof NOTICE_EVENTS)[number];

/** Where notices go. Addresses that are secrets themselves, because whoever knows them may write there, are references. */
export type ReceiverEntry = { readonly name: string } & (
  | { readonly kind: 'slack'; readonly url: SecretReference }
  | { readonly kind: 'dingtalk' | 'feishu'; readonly url: SecretReference; readonly secret: SecretReference | null }
  | { readonly kind: 'webhook'; readonly url: SecretReference | string; readonly secret: SecretReference }
  | { readonly kind: 'email'; readonly to: readonly string[] }
);

export type ReceiverKind = ReceiverEntry['kind'];

/** Which events of which images a receiver is told. Events that are about no image go by their name alone. */
export type NoticeSubscription = {
  readonly receiver: string;
  readonly events: readonly (NoticeEvent | '*')[];
  readonly images: readonly string[];
};

export type SmtpSettings = {
  readonly host: string;
  readonly port: number;
  /** `tls` from the first byte, `starttls` before anything is said, `none` only where it is written so. */
  readonly security: 'tls' | 'starttls' | 'none';
  /** File of a certificate authority to trust in place of the public ones; null for those. */
  readonly caPath: string | null;
  readonly from: string;
  readonly login: { readonly username: string; readonly password: SecretReference } | null;
};

export type NotifySettings = {
  /** Where people reach the service; links in notices begin with it. Without a trailing slash. */
  readonly publicUrl: string | null;
  readonly smtp: SmtpSettings | null;
  readonly receivers: readonly ReceiverEntry[];
  readonly subscriptions: readonly NoticeSubscription[];
  /** A trouble that goes on is told again after so long, milliseconds. */
  readonly remindMs: number;
  /** How long a notice is offered to a receiver that does not take it, milliseconds. */
  readonly deadlineMs: number;
  /** The agent of a site is lost when it is not heard of for so long, milliseconds. */
  readonly agentLostAfterMs: number;
};
