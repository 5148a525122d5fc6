import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ProbeConnections } from '../../../src/bench/probes/probe-connections.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import type { Connection } from '../../../src/net/connection.ts';
import type { TcpInfo } from '../../../src/net/tcp-info.ts';
import { openRegistryProvider } from '../../../src/providers/registry-provider.ts';

const STILL: TcpInfo = {
  roundTripMs: 90,
  minRoundTripMs: 90,
  acknowledgedBytes: 0,
  receivedBytes: 0,
  retransmittedBytes: 0,
  dataPacketsSent: 0,
  unacknowledgedPackets: 0,
  unsentBytes: 0,
  deliveryRate: 0,
};

/** A connection as the kernel keeps it: `exchange` is one packet there and its answer. */
function connectionTo(origin = 'http://singapore:5000') {
  let info: TcpInfo | undefined = STILL;
  const connection: Connection = {
    ...{ origin, isLongPath: true, dnsMs: null, connectMs: 90, tlsMs: null },
    ...{
      findTcpInfo: () => info,
      findLastTcpInfo: () => info,
      findCongestionControl: () => 'bbr',
      limitSilence: () => {},
    },
  };
  const change = (changed: Partial<TcpInfo>) => {
    info = { ...(info ?? STILL), ...changed };
  };
  return {
    connection,
    exchange(roundTripMs: number, packets = 1) {
      const { roundTripMs: mean, dataPacketsSent } = info ?? STILL;
      change({
        dataPacketsSent: dataPacketsSent + packets,
        // As tcp_info has it: whole microseconds.
        roundTripMs: Math.floor(((7 * mean + roundTripMs) / 8) * 1_000) / 1_000,
      });
    },
    change,
    close() {
      info = undefined;
    },
  };
}

describe('round trips as the kernel saw them', () => {
  it('are those of each exchange, to some microseconds', () => {
    const probed = new ProbeConnections();
    const { connection, exchange } = connectionTo();
    probed.note(connection);
    expect(probed.takeRoundTrip()).toBeUndefined();
    for (const roundTripMs of [90.2, 131.7, 90.1, 94, 300, 90.05]) {
      exchange(roundTripMs);
      expect(probed.takeRoundTrip()).toBeCloseTo(roundTripMs, 1);
    }
  });

  it('are told for the exchanges that ended, whichever connection they went over', () => {
    const probed = new ProbeConnections();
    const [one, two] = [connectionTo(), connectionTo()];
    for (const { connection } of [one, two]) probed.note(connection);
    one.exchange(95);
    two.change({ dataPacketsSent: 1, unacknowledgedPackets: 1 });
    expect(probed.takeRoundTrip()).toBeCloseTo(95, 1);
    expect(probed.takeRoundTrip()).toBeUndefined();
    two.change({ dataPacketsSent: 0, unacknowledgedPackets: 0 });
    two.exchange(170);
    one.exchange(96);
    // Both ended before we looked.
    expect([probed.takeRoundTrip(), probed.takeRoundTrip()].map((ms) => Math.round(ms ?? 0)).sort()).toEqual([170, 96]);
    expect(probed.made).toBe(2);
  });

  it('are not told where it took more than one packet, and of connections that lead elsewhere', () => {
    const probed = new ProbeConnections();
    const [one, tokens] = [connectionTo(), connectionTo('https://tokens.example')];
    for (const { connection } of [one, tokens]) probed.note(connection);
    one.exchange(700, 2);
    expect(probed.takeRoundTrip()).toBeUndefined();
    tokens.exchange(5);
    expect(probed.takeRoundTrip()).toBeUndefined();
    one.exchange(91);
    expect(probed.takeRoundTrip()).toBeCloseTo(91, 1);
    one.close();
    expect(probed.takeRoundTrip()).toBeUndefined();
  });
});

describe.skipIf(process.platform !== 'linux')('round trips by the kernel of this machine', () => {
  it('are short where this program was busy for long', async () => {
    const server = `require('node:http').createServer((_, answer) => setTimeout(() => answer.end('{}'), 50)).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`;
    const child = spawn(process.execPath, ['-e', server], { stdio: ['ignore', 'pipe', 'inherit'] });
    const probed = new ProbeConnections();
    try {
      const [port] = await once(child.stdout, 'data');
      const entry = {
        key: 'near',
        url: `http://127.0.0.1:${String(port).trim()}`,
        credentials: { kind: 'none' },
      } as const;
      const { client, close } = openRegistryProvider(
        { ...entry, internal: true },
        { readSecret: async () => new Secret(''), onConnected: probed.note },
      );
      await client.ping();
      probed.takeRoundTrip();
      const begunMs = performance.now();
      const asked = client.ping();
      // The question leaves before, the answer comes in meanwhile.
      setTimeout(() => setImmediate(() => blockFor(400)), 0);
      await asked;
      expect(performance.now() - begunMs).toBeGreaterThan(300);
      expect(probed.takeRoundTrip()).toBeLessThan(200);
      await close();
    } finally {
      child.kill('SIGKILL');
    }
  });
});

function blockFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
