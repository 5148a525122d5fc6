import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { FlowWatch } from '../../../src/bench/production/flow-watch.ts';
import type { Connection } from '../../../src/net/connection.ts';
import type { TcpInfo } from '../../../src/net/tcp-info.ts';
import { eventually } from '../../support/eventually.ts';
import { TestClock } from '../../support/test-clock.ts';

const MB = 1_000_000;

/** A connection of which the kernel knows what a test says. */
function openConnection() {
  const known = { acknowledgedBytes: 0, retransmittedBytes: 0, unsentBytes: 0, unacknowledgedPackets: 1 };
  let isOpen = true;
  let asked = 0;
  const connection: Connection = {
    ...{ origin: 'http://registry', isLongPath: false, dnsMs: null, connectMs: 1, tlsMs: null },
    findTcpInfo() {
      asked += 1;
      return isOpen ? ({ ...known } as unknown as TcpInfo) : undefined;
    },
    findLastTcpInfo: () => ({ ...known }) as unknown as TcpInfo,
    findCongestionControl: () => 'bbr',
    limitSilence() {},
  };
  return {
    connection,
    carry(acknowledgedBytes: number, retransmittedBytes: number) {
      Object.assign(known, { acknowledgedBytes, retransmittedBytes });
    },
    close() {
      isOpen = false;
    },
    asked: () => asked,
  };
}

it('a connection that is closed is let go of, and what it carried is counted', async () => {
  const clock = new TestClock();
  const open = openConnection();
  const others = new Set([openConnection(), openConnection()]);
  const gone = [...others].map(({ connection }) => new WeakRef(connection));
  const watch = new FlowWatch(clock, () => [open, ...others].map(({ connection }) => connection));
  const beat = async () => {
    const before = open.asked();
    clock.advance(250);
    await eventually(() => open.asked() > before, { what: 'a reading' });
  };
  open.carry(MB, 0);
  [...others].at(-1)?.carry(3 * MB, 7_000);
  await beat();
  closeAll(others);
  await beat();
  await eventually(
    () => {
      collectGarbage();
      return gone.every((each) => each.deref() === undefined);
    },
    { what: 'the closed ones being let go of' },
  );
  const seen = await watch.stop();
  expect(seen).toMatchObject({ connections: 2, congestionControl: 'bbr', retransmittedBytes: 7_000 });
  expect(seen.intervalBytes.reduce((sum, bytes) => sum + bytes, 0)).toBe(4 * MB);
});

/** In a function of its own, since one that waits keeps what it has gone through last. */
function closeAll(connections: Set<ReturnType<typeof openConnection>>): void {
  for (const each of connections) each.close();
  connections.clear();
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
