import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { bytesToGo, LegProgress } from '../../../src/sync/push/leg-progress.ts';
import type { TransferRecord } from '../../../src/sync/push/push-record.ts';

const FRESH: TransferRecord = {
  pushId: 'p',
  registry: 'singapore',
  role: 'relay',
  state: 'running',
  digest: null,
  blobsTotal: 0,
  blobsDone: 0,
  bytesTotal: 0,
  bytesSent: 0,
  bytesSavedPresent: 0,
  bytesSavedMounted: 0,
  bytesResent: 0,
  blobsRestarted: 0,
  replacedStalled: 0,
  replacedSlow: 0,
  attempts: 1,
  nextAttemptAt: null,
  placedAt: null,
  error: null,
  congestionControl: null,
  prediction: null,
  run: null,
  leaseOwner: null,
  leaseUntil: null,
};
const PLAN = { blobs: 4, bytes: 1_000 };
/** 100 bytes were there before and 300 of 350 sent bytes are counted, when the process is killed. */
const KILLED: TransferRecord = {
  ...FRESH,
  attempts: 2,
  blobsTotal: 4,
  bytesTotal: 1_000,
  bytesSavedPresent: 100,
  bytesSent: 350,
  bytesResent: 50,
};

const BLOB = digestOf(Buffer.from('blob'));

function open(leg: TransferRecord): LegProgress {
  return new LegProgress(leg, { elapsedMs: () => 0, onChange: () => {}, onVerifying: () => {} });
}

function uniqueSent({ counters }: LegProgress): number {
  return counters.bytesSent - counters.bytesResent;
}

describe('the progress of a leg', () => {
  it('counts as sent what crossed early for it, and nothing of that as saved', () => {
    const early = [BLOB].values();
    const progress = new LegProgress(FRESH, {
      elapsedMs: () => 0,
      onChange: () => {},
      onVerifying: () => {},
      takeEarly: () => (early.next().done ? undefined : { sent: 130, again: 30 }),
    });
    progress.planned(PLAN);
    progress.done('present', 100, BLOB);
    progress.done('shared', 900, BLOB);
    progress.verifying();
    expect(progress.counters).toMatchObject({ bytesSent: 130, bytesResent: 30, bytesSavedPresent: 900 });
  });

  it('counts what was there, mounted and sent in a first attempt, and it is all there is', () => {
    const progress = open(FRESH);
    progress.planned(PLAN);
    progress.done('present', 100, BLOB);
    progress.done('mounted', 200, BLOB);
    progress.sent(300, 0);
    progress.sent(150, 50);
    progress.done('moved', 400, BLOB);
    progress.done('shared', 300, BLOB);
    expect(bytesToGo(progress.counters)).toBe(0);
    progress.verifying();
    expect(progress.counters).toEqual({
      blobsTotal: 4,
      blobsDone: 4,
      bytesTotal: 1_000,
      bytesSent: 450,
      bytesResent: 50,
      bytesSavedPresent: 400,
      bytesSavedMounted: 200,
      blobsRestarted: 0,
      replacedStalled: 0,
      replacedSlow: 0,
    });
  });

  it('takes what a later plan finds, and was not saved, as sent: the count of its last moment died with the process', () => {
    const progress = open(KILLED);
    progress.planned(PLAN);
    progress.done('present', 100, BLOB);
    progress.done('present', 300, BLOB);
    expect(progress.counters).toMatchObject({ bytesSent: 350, bytesResent: 50, bytesSavedPresent: 100 });
    progress.done('present', 250, BLOB);
    expect(uniqueSent(progress)).toBe(550);
    expect(progress.counters.bytesSavedPresent).toBe(100);
    expect(bytesToGo(progress.counters)).toBe(350);
  });

  it('takes the bytes of an upload that goes on as sent too, once', () => {
    const progress = open(KILLED);
    progress.planned(PLAN);
    progress.done('present', 100, BLOB);
    progress.resumed(200);
    expect(uniqueSent(progress)).toBe(300);
    progress.resumed(150);
    expect(uniqueSent(progress)).toBe(350);
    expect(bytesToGo(progress.counters)).toBe(550);
  });

  it('does not take for sent what was mounted', () => {
    const progress = open({ ...KILLED, bytesSavedMounted: 400 });
    progress.planned(PLAN);
    for (const bytes of [100, 400, 300]) progress.done('present', bytes, BLOB);
    expect(uniqueSent(progress)).toBe(300);
  });

  it('takes what another copy brought as saved, in a later plan too', () => {
    const progress = open(KILLED);
    progress.planned(PLAN);
    progress.done('shared', 500, BLOB);
    expect(progress.counters).toMatchObject({ bytesSent: 350, bytesSavedPresent: 600 });
  });

  it('takes an upload that goes on in the very first attempt as saved: another push had begun it', () => {
    const progress = open(FRESH);
    progress.planned(PLAN);
    progress.resumed(200);
    expect(progress.counters).toMatchObject({ bytesSent: 0, bytesSavedPresent: 200 });
  });

  it('takes it as sent when a first attempt was killed before its plan', () => {
    const progress = open({ ...FRESH, attempts: 2 });
    progress.resumed(200);
    expect(progress.counters).toMatchObject({ bytesSent: 200, bytesSavedPresent: 0 });
  });

  it('adds up in the end, whatever was not counted', () => {
    const lacking = open(KILLED);
    lacking.planned(PLAN);
    lacking.sent(500, 0);
    lacking.verifying();
    expect(lacking.counters).toMatchObject({ bytesSent: 950, bytesResent: 50, bytesSavedPresent: 100 });
    const surplus = open(KILLED);
    surplus.planned(PLAN);
    surplus.sent(700, 0);
    surplus.verifying();
    expect(uniqueSent(surplus) + surplus.counters.bytesSavedPresent).toBe(1_000);
  });
});
