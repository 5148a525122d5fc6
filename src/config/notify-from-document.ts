import { parseDuration } from '../kernel/duration.ts';
import { Failure } from '../kernel/failure.ts';
import type { NotifySettings, ReceiverEntry } from '../regions/notify-settings.ts';
import type { SecretReference } from '../regions/world.ts';
import type { ConfigDocument } from './document-schema.ts';
import { findFilePath, findSecretReference } from './secret-reference.ts';

type NotifyDocument = ConfigDocument['notify'];
type ReceiverDocument = NotifyDocument['receivers'][string];

/** `notify`, once the schema passed; `folder` is where relative `file:` paths start. */
export function toNotifySettings(document: NotifyDocument, folder: string): NotifySettings {
  const { smtp } = document;
  return {
    publicUrl: document.publicUrl?.replace(/\/+$/, '') ?? null,
    smtp:
      smtp === undefined
        ? null
        : {
            host: smtp.host,
            port: smtp.port ?? (smtp.security === 'tls' ? 465 : 587),
            security: smtp.security,
            caPath: (smtp.ca === undefined ? undefined : findFilePath(smtp.ca, folder)) ?? null,
            from: smtp.from,
            login:
              smtp.username === undefined || smtp.password === undefined
                ? null
                : { username: smtp.username, password: getReference(smtp.password, folder) },
          },
    receivers: Object.entries(document.receivers).map(([name, entry]) => toReceiver(name, entry, folder)),
    subscriptions: document.subscriptions,
    remindMs: parseDuration(document.remind),
    deadlineMs: parseDuration(document.deadline),
    agentLostAfterMs: parseDuration(document.agentLostAfter),
  };
}

function toReceiver(name: string, entry: ReceiverDocument, folder: string): ReceiverEntry {
  switch (entry.kind) {
    case 'slack':
      return { name, kind: entry.kind, url: getReference(entry.url, folder) };
    case 'dingtalk':
    case 'feishu':
      return {
        name,
        kind: entry.kind,
        url: getReference(entry.url, folder),
        secret: entry.secret === undefined ? null : getReference(entry.secret, folder),
      };
    case 'webhook':
      return {
        name,
        kind: entry.kind,
        url: findSecretReference(entry.url, folder) ?? entry.url,
        secret: getReference(entry.secret, folder),
      };
    case 'email':
      return { name, kind: entry.kind, to: entry.to };
  }
}

function getReference(text: string, folder: string): SecretReference {
  const reference = findSecretReference(text, folder);
  if (reference === undefined) throw new Failure('config_invalid', 'a secret is neither env:NAME nor file:PATH');
  return reference;
}
