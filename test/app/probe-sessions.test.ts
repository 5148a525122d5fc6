import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ProbeSessions } from '../../src/app/probe-sessions.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { RegistryClient } from '../../src/registry/registry-client.ts';
import { APP, openTestClient } from '../registry/test-client.ts';
import { openTestRegistry } from '../support/registry.ts';
import { openTempFolder } from '../support/temp-folder.ts';
import { memoryJournal } from '../sync/copy/support/memory-journal.ts';

const PAYLOAD = Buffer.alloc(100_000, 'payload');

async function start(client: RegistryClient) {
  const started = await client.startUpload(APP);
  if (started.kind !== 'session') throw new Error('mounted what was not asked to be mounted');
  return started.session;
}

it.each(['absolute', 'state'] as const)('notes a session until it is closed or cancelled (%s)', async (locations) => {
  await using registry = await openTestRegistry({ locations });
  await using client = openTestClient(registry.url);
  const journal = memoryJournal();
  const noted = new ProbeSessions(journal, systemClock).noted('singapore', client);
  for (const end of ['finish', 'cancel'] as const) {
    const opened = await start(noted);
    expect([...journal.entries.values()]).toMatchObject([{ registry: 'singapore', location: opened.location }]);
    const { session } = await noted.sendChunk(opened, { offset: 0, sizeBytes: PAYLOAD.byteLength, body: PAYLOAD });
    if (end === 'finish') await noted.finishUpload(session, digestOf(PAYLOAD));
    else expect(await noted.cancelUpload(session)).toBe(true);
    expect(journal.entries.size).toBe(0);
  }
});

it('gives back at the next sample what a killed service had opened, and what could not be cancelled', async () => {
  await using folder = await openTempFolder('probes');
  await using registry = await openTestRegistry({ folder: folder.path });
  await using client = openTestClient(registry.url);
  const journal = memoryJournal();
  const left = async () =>
    (await readdir(join(folder.path, 'uploads'))).filter((name) => name.endsWith('.json')).length;
  await start(new ProbeSessions(journal, systemClock).noted('singapore', client));
  const sessions = new ProbeSessions(journal, systemClock);
  const first = sessions.noted('singapore', client);
  const own = await start(first);
  expect([await left(), journal.entries.size]).toEqual([1, 1]);
  // One that is under way beside it is left alone.
  const second = sessions.noted('singapore', client);
  const other = await start(second);
  expect(await left()).toBe(2);
  registry.failNext('DELETE', { reset: true, times: 3 });
  expect(await first.cancelUpload(own)).toBe(false);
  // And one whose first cancellation went astray is cancelled again.
  registry.failNext('DELETE', { reset: true, skip: 1 });
  const third = await start(first);
  expect([await left(), journal.entries.size]).toEqual([2, 2]);
  for (const [by, session] of [
    [first, third],
    [second, other],
  ] as const)
    expect(await by.cancelUpload(session)).toBe(true);
  expect([await left(), journal.entries.size]).toEqual([0, 0]);
});
