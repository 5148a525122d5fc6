import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openRegistryListener } from '../../../src/api/v2/registry-listener.ts';
import type { RegistryOptions } from '../../../src/api/v2/registry-settings.ts';
import { Failure } from '../../../src/kernel/failure.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { type LogFacts, silentLog } from '../../../src/telemetry/log.ts';

const SIZE_BYTES = 2_000;
const PATH = `/v2/team/app/blobs/${digestOf(Buffer.from('what was asked for'))}`;

/** A door whose blobs are streams of the test's, and what it warns of. */
async function openDoor(openBlob: () => Readable) {
  const warned: LogFacts[] = [];
  const listener = openRegistryListener({
    storage: {
      findBlob: async () => ({ sizeBytes: SIZE_BYTES }),
      openBlob: async () => openBlob(),
    } as unknown as RegistryOptions['storage'],
    log: { ...silentLog, warn: (facts) => warned.push(facts) },
  });
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    warned,
    async ask(): Promise<IncomingMessage> {
      const asked = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', path: PATH, agent: false });
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      return answer;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

it('an answer that breaks off since the bytes were wrong is told in the log', async () => {
  await using door = await openDoor(() =>
    Readable.from(
      (async function* () {
        yield Buffer.alloc(SIZE_BYTES / 2);
        throw new Failure('digest_mismatch', 'the bytes read are others');
      })(),
    ),
  );
  const answer = await door.ask();
  await expect(answer.toArray()).rejects.toThrow('aborted');
  expect(door.warned).toEqual([
    {
      event: 'registry_answer_failed',
      method: 'GET',
      path: PATH,
      code: 'digest_mismatch',
      error: 'the bytes read are others',
    },
  ]);
});

it('a client that goes away in the middle is nothing to tell', async () => {
  const closed = Promise.withResolvers<void>();
  await using door = await openDoor(() => {
    const body = new Readable({ read: () => {} });
    body.push(Buffer.alloc(SIZE_BYTES / 2));
    body.once('close', () => closed.resolve());
    return body;
  });
  const answer = await door.ask();
  await once(answer, 'data');
  answer.destroy();
  await closed.promise;
  await setImmediate();
  expect(door.warned).toEqual([]);
});
