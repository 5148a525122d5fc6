import { describe, expect, it } from 'vitest';
import type { ChoiceStore } from '../../src/choice/choice-store.ts';
import { UseRecorder } from '../../src/choice/use-recorder.ts';
import { ManualClock } from './manual-clock.ts';
import { placement } from './sample-release.ts';

type Batch = Parameters<ChoiceStore['recordUses']>[0];

type UsedRelease = Parameters<UseRecorder['note']>[0];

function placed(word: string): UsedRelease {
  return placement('team/app', word, 'korea');
}

function openRecorder(recordUses?: (batch: Batch) => Promise<void>) {
  const clock = new ManualClock();
  const batches: Batch[] = [];
  const errors: unknown[] = [];
  const store = { recordUses: recordUses ?? (async (batch: Batch) => void batches.push(batch)) };
  const recorder = new UseRecorder({ store, clock, onError: (error) => errors.push(error) });
  const note = (release: UsedRelease, cluster = 'us') => recorder.note(release, cluster, clock.nowMs());
  return { clock, batches, errors, recorder, note };
}

describe('remembering uses', () => {
  it('writes in batches, after a while, without a timer when there is nothing', async () => {
    const { clock, batches, note } = openRecorder();
    expect(clock.sleeping).toBe(0);
    const [a, b] = [placed('a'), placed('b')];
    note(a);
    note(b);
    note(a, 'cn');
    expect(batches).toEqual([]);
    expect(clock.sleeping).toBe(1);
    await clock.advance(10_000);
    expect(batches.map((batch) => batch.map((use) => [use.digest, use.cluster]))).toEqual([
      [
        [a.sourceDigest, 'us'],
        [b.sourceDigest, 'us'],
        [a.sourceDigest, 'cn'],
      ],
    ]);
    expect(clock.sleeping).toBe(0);
    note(placed('c'));
    await clock.advance(10_000);
    expect(batches).toHaveLength(2);
  });

  it('takes each release and cluster once a minute, whatever the clock does', async () => {
    const { clock, batches, recorder, note } = openRecorder();
    const release = placed('a');
    for (const step of [0, 30_000, 29_999, 1, -100_000]) {
      await clock.advance(step);
      note(release);
    }
    await recorder.flush();
    expect(batches.flat().map((use) => use.at - 1_700_000_000_000)).toEqual([0, 60_000, -40_000]);
  });

  it('writes what is left when it is closed, and nothing after', async () => {
    const { clock, batches, recorder, note } = openRecorder();
    note(placed('a'));
    await recorder.close();
    expect(batches.flat()).toHaveLength(1);
    expect(clock.sleeping).toBe(0);
    note(placed('b'));
    await recorder.flush();
    expect(batches.flat()).toHaveLength(1);
  });

  it('loses what cannot be written, says so, and goes on', async () => {
    let isBroken = true;
    const written: Batch[] = [];
    const { errors, recorder, note } = openRecorder(async (batch) => {
      if (isBroken) throw new Error('disk is full');
      written.push(batch);
    });
    note(placed('a'));
    await recorder.flush();
    expect(errors).toMatchObject([{ message: 'disk is full' }]);
    isBroken = false;
    note(placed('b'));
    await recorder.close();
    expect(written.flat()).toHaveLength(1);
  });

  it('keeps no more than it can hold while the store is slow', async () => {
    const { batches, recorder, note } = openRecorder();
    for (let at = 0; at < 60_000; at += 1) note(placed('a'));
    await recorder.close();
    expect(batches.flat()).toHaveLength(50_000);
    expect(Math.max(...batches.map((batch) => batch.length))).toBe(1_000);
  });
});
