import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { expect, it } from 'vitest';
import { Secret } from '../../src/kernel/secret.ts';
import { emailSender } from '../../src/notify/senders/email.ts';
import type { SmtpSettings } from '../../src/regions/notify-settings.ts';
import { TEST_CA, TEST_CERTIFICATE, TEST_KEY } from '../net/tls-fixture.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { sampleDelivery } from './sample-notice.ts';

/** A real mail server that lets robot in with his password, over TLS only. */
async function openMailServer(options: SMTPServerOptions = {}) {
  const mails: { text: string; to: string[]; secure: boolean }[] = [];
  const server = new SMTPServer({
    cert: TEST_CERTIFICATE,
    key: TEST_KEY,
    onAuth({ username, password }, _, done) {
      if (username === 'robot' && password === 'open') done(null, { user: username });
      else done(new Error('no such user'));
    },
    async onData(stream, session, done) {
      let text = '';
      for await (const part of stream) text += String(part);
      mails.push({ text, to: session.envelope.rcptTo.map(({ address }) => address), secure: session.secure });
      done();
    },
    ...options,
  });
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return { port, mails, [Symbol.asyncDispose]: () => new Promise<void>((done) => void server.close(() => done())) };
}

async function send(settings: Partial<SmtpSettings>, password = 'open'): Promise<void> {
  const sender = emailSender(
    { to: ['ops@example.com', 'ci@example.com'] },
    {
      ...{ host: '127.0.0.1', port: 0, security: 'starttls', caPath: null, from: 'entrepot@example.com' },
      login: { username: 'robot', password: { from: 'env', name: 'P' } },
      ...settings,
    },
    { readSecret: async () => new Secret(password) },
  );
  await sender.send(sampleDelivery(), AbortSignal.timeout(20_000));
}

it('mails arrive over STARTTLS and over TLS, logged in, with the failure in the subject and in red', async () => {
  await using folder = await openTempFolder('mail');
  const caPath = join(folder.path, 'ca.pem');
  await writeFile(caPath, TEST_CA);
  for (const security of ['starttls', 'tls'] as const) {
    await using server = await openMailServer({ secure: security === 'tls' });
    await send({ port: server.port, security, caPath });
    const [mail] = server.mails as [(typeof server.mails)[0]];
    expect(mail).toMatchObject({ to: ['ops@example.com', 'ci@example.com'], secure: true });
    const text = mail.text.replaceAll('=\r\n', '').replaceAll('\r\n ', ' ');
    expect(text).toMatch(/^Subject: \[failed\]\[transfer\]\[team\/app:1\.2\.3\] singapore: no byte/m);
    expect(text).toContain('Message-ID: <msg_1@example.com>');
    expect(text).toContain('color:#d00000');
    expect(text).toContain('no byte moved for 30 s &lt;b&gt;&amp;');
  }
});

it('says nothing to a server that nobody vouches for, that speaks no TLS, or that knows no such login', async () => {
  await using folder = await openTempFolder('mail');
  const caPath = join(folder.path, 'ca.pem');
  await writeFile(caPath, TEST_CA);
  await using server = await openMailServer();
  await expect(send({ port: server.port })).rejects.toThrow(/certificate/);
  await expect(send({ port: server.port, caPath }, 'sesame')).rejects.toThrow(/Invalid login/);
  await using plain = await openMailServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] });
  await expect(send({ port: plain.port, caPath })).rejects.toMatchObject({ code: 'receiver_failed' });
  expect([...server.mails, ...plain.mails]).toEqual([]);
});
