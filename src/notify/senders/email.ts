import { readFile } from 'node:fs/promises';
import { Failure } from '../../kernel/failure.ts';
import type { SmtpSettings } from '../../regions/notify-settings.ts';
import { type Message, toMessage } from '../message.ts';
import type { Sender, SenderDependencies } from './sender.ts';

const COLORS = { bad: '#d00000', good: '#2e8b57', neutral: '#333333' } as const;
const PATIENCE_MS = 15_000;

/** A mail by SMTP, over a connection of its own: notices are rare. Its id is that of the delivery at every attempt. */
export function emailSender(
  receiver: { to: readonly string[] },
  smtp: SmtpSettings,
  { readSecret }: Pick<SenderDependencies, 'readSecret'>,
): Sender {
  return {
    async send({ id, notice }, signal) {
      const { createTransport } = await import('nodemailer');
      const { login } = smtp;
      const auth = login && { user: login.username, pass: (await readSecret(login.password)).reveal() };
      const transport = createTransport({
        host: smtp.host,
        port: smtp.port,
        secure: smtp.security === 'tls',
        requireTLS: smtp.security === 'starttls',
        ignoreTLS: smtp.security === 'none',
        connectionTimeout: PATIENCE_MS,
        greetingTimeout: PATIENCE_MS,
        socketTimeout: PATIENCE_MS,
        disableFileAccess: true,
        disableUrlAccess: true,
        ...(auth === null ? {} : { auth }),
        ...(smtp.caPath === null ? {} : { tls: { ca: await readFile(smtp.caPath) } }),
      });
      const onAbort = () => transport.close();
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        const message = toMessage(notice);
        await Promise.race([
          transport.sendMail({
            from: smtp.from,
            to: [...receiver.to],
            messageId: `<${id}@${smtp.from.split('@')[1] ?? 'entrepot'}>`,
            subject: message.headline,
            text: toText(message),
            html: toHtml(message),
          }),
          untilAborted(signal),
        ]);
      } catch (error) {
        throw new Failure('receiver_failed', `the mail was not taken: ${describe(error)}`, { cause: error });
      } finally {
        signal.removeEventListener('abort', onAbort);
        transport.close();
      }
    },
  };
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () => reject(new Error('the mail server said nothing for too long'));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

function describe(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').slice(0, 300);
}

function toText({ headline, lines, link }: Message): string {
  return [headline, '', ...lines, ...(link === null ? [] : ['', link.url]), ''].join('\n');
}

function toHtml({ headline, lines, link, mood }: Message): string {
  const more = lines.map((line) => `<p>${escapeHtml(line)}</p>`);
  const anchor = link === null ? '' : `<p><a href="${escapeHtml(link.url)}">${escapeHtml(link.text)}</a></p>`;
  return `<p style="color:${COLORS[mood]};font-weight:bold">${escapeHtml(headline)}</p>${more.join('')}${anchor}`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
