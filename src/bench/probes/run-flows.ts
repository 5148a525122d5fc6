import type { Clock } from '../../kernel/clock.ts';
import { Failure } from '../../kernel/failure.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { UploadSession } from '../../registry/registry-client.ts';
import { DIAGNOSTIC_ALGORITHM, type FlowRun, RUN_BYTES } from '../flow-diagnosis.ts';
import { ConnectionTotals } from './connection-totals.ts';
import { findSteadyRate } from './flow-figures.ts';
import { INTERVAL_MS, IntervalMeter } from './interval-meter.ts';
import type { OpenProbeClient, ProbeClient } from './probe-client.ts';
import { RandomPayload } from './random-payload.ts';

/**
 * Ramp-up, and some seconds of what comes after it. Where losses are so many that the ramp-up moved most of the bytes, the
 * rate is that of the whole run, if that went on for half of this at least.
 */
const RUN_MS = 10_000;

export type FlowPlan = {
  readonly registry: string;
  readonly repository: RepositoryName;
  readonly chunkBytes: number;
  readonly flows: number;
};

/**
 * Sends random bytes over so many connections at once, by time or until the bytes are used up, whichever is first, and
 * leaves nothing. Rejects with what went wrong at any of them.
 */
export async function runFlows(
  { open, clock }: { readonly open: OpenProbeClient; readonly clock: Clock },
  { registry, repository, chunkBytes, flows }: FlowPlan,
  signal: AbortSignal,
): Promise<FlowRun> {
  const totals = new ConnectionTotals();
  const probe = open(registry, totals.note, { congestionControl: DIAGNOSTIC_ALGORITHM, flows });
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const pot = new Pot(RUN_BYTES);
  let sending: Promise<void>[] = [];
  try {
    await probe.ensureRepository(repository, stop);
    const sessions = await openSessions(probe, repository, flows, stop);
    const meter = new IntervalMeter(clock, () => totals.acknowledgedBytes() ?? pot.givenBytes);
    const [startedMs, before] = [clock.elapsedMs(), totals.acknowledgedBytes() ?? 0];
    meter.start();
    sending = sessions.map((session) => sendFrom(pot, probe, session, chunkBytes, stop));
    let intervals: readonly number[];
    try {
      const acknowledgedBytes = () => totals.acknowledgedBytes();
      const arrived = pot.emptied.then(() => untilArrived(clock, before + pot.givenBytes, acknowledgedBytes, stop));
      await Promise.race([clock.sleep(RUN_MS, stop), arrived, ...sending]);
      signal.throwIfAborted();
    } finally {
      intervals = await meter.stop();
    }
    const seconds = (clock.elapsedMs() - startedMs) / 1_000;
    const acknowledged = totals.acknowledgedBytes();
    const bytes = acknowledged === null ? pot.givenBytes : acknowledged - before;
    return {
      flows,
      rate: findSteadyRate(intervals, INTERVAL_MS) ?? (seconds * 1_000 >= RUN_MS / 2 ? bytes / seconds : null),
      seconds,
      bytes,
      congestionControl: totals.congestionControl(),
      retransmittedBytes: totals.retransmittedBytes(),
    };
  } finally {
    over.abort();
    await Promise.allSettled(sending);
    await probe.close();
  }
}

/** What the pot gave is in the kernel's buffers, which may hold all of it: it counts once the far side has it. */
async function untilArrived(
  clock: Clock,
  wantedBytes: number,
  acknowledgedBytes: () => number | null,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && (acknowledgedBytes() ?? wantedBytes) < wantedBytes)
    await clock.sleep(INTERVAL_MS / 5, signal).catch(() => {});
}

async function openSessions(
  { client }: ProbeClient,
  repository: RepositoryName,
  flows: number,
  signal: AbortSignal,
): Promise<readonly UploadSession[]> {
  const opened = await Promise.allSettled(
    Array.from({ length: flows }, async () => {
      const started = await client.startUpload(repository, { signal });
      if (started.kind === 'session') return started.session;
      throw new Failure('remote_unexpected', 'upload start: answered as if a blob had been mounted');
    }),
  );
  const sessions = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = opened.find((each) => each.status === 'rejected');
  if (failed === undefined) return sessions;
  await Promise.all(sessions.map((session) => client.cancelUpload(session)));
  throw failed.reason;
}

/** Goes on until it is stopped. */
async function sendFrom(
  pot: Pot,
  { client }: ProbeClient,
  first: UploadSession,
  chunkBytes: number,
  signal: AbortSignal,
): Promise<void> {
  let session = first;
  try {
    for (let offset = 0; !signal.aborted; ) {
      const sizeBytes = Math.max(chunkBytes, session.minChunkBytes);
      const body = pot.take(sizeBytes, signal);
      ({ session } = await client.sendChunk(session, { offset, sizeBytes, body }, { signal }));
      offset += sizeBytes;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await client.cancelUpload(session);
  }
}

/** The bytes that all connections of a run share. */
class Pot {
  readonly #payload = new RandomPayload();
  readonly #emptied = Promise.withResolvers<void>();
  readonly #limitBytes: number;
  /** Handed to the connections so far. */
  givenBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get emptied(): Promise<void> {
    return this.#emptied.promise;
  }

  /** So many bytes; where the pot has fewer it gives those, and then nothing until the signal is aborted. */
  async *take(sizeBytes: number, signal: AbortSignal): AsyncIterable<Uint8Array> {
    for await (const piece of this.#payload.take(sizeBytes)) {
      if (this.#payload.sentBytes > this.#limitBytes) break;
      this.givenBytes += piece.byteLength;
      yield piece;
    }
    if (this.#payload.sentBytes <= this.#limitBytes) return;
    this.#emptied.resolve();
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
}
