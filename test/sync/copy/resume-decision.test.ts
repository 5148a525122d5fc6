import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.ts';
import {
  decideResume,
  findNamedOffset,
  type ResumeDecision,
  type SessionAnswer,
} from '../../../src/sync/copy/resume-decision.ts';

/** One row of the table in resume-decision.ts each; ours is 100 of 1000 bytes. */
const rows: [string, SessionAnswer, ResumeDecision][] = [
  ['nothing known', { kind: 'unknown' }, { act: 'start-over' }],
  ['an offset equal to ours', { kind: 'known', offset: 100 }, { act: 'go-on', offset: 100 }],
  ['an offset beyond ours', { kind: 'known', offset: 140 }, { act: 'go-on', offset: 140 }],
  ['all of the blob', { kind: 'known', offset: 1000 }, { act: 'go-on', offset: 1000 }],
  ['an offset behind ours (ECR: the Range sticks)', { kind: 'known', offset: 50 }, { act: 'go-on', offset: 100 }],
  ['no offset', { kind: 'known', offset: undefined }, { act: 'go-on', offset: 100 }],
  ['more than the blob has', { kind: 'known', offset: 1001 }, { act: 'start-over' }],
];

/** The same after the registry refused to go on at ours. */
const refusedRows: [string, SessionAnswer, ResumeDecision][] = [
  ['nothing known', { kind: 'unknown' }, { act: 'start-over' }],
  ['ours', { kind: 'known', offset: 100 }, { act: 'start-over' }],
  ['no offset', { kind: 'known', offset: undefined }, { act: 'start-over' }],
  ['an offset behind ours', { kind: 'known', offset: 50 }, { act: 'go-on', offset: 50 }],
  ['an offset beyond ours', { kind: 'known', offset: 140 }, { act: 'go-on', offset: 140 }],
  ['more than the blob has', { kind: 'known', offset: 1001 }, { act: 'start-over' }],
];

describe('where an interrupted upload goes on', () => {
  it.each(rows)('when the registry says %s', (_, answer, decision) => {
    expect(decideResume({ acknowledgedBytes: 100, blobBytes: 1000 }, answer)).toEqual(decision);
  });

  it.each(refusedRows)('when the registry refused to and says %s', (_, answer, decision) => {
    expect(decideResume({ acknowledgedBytes: 100, blobBytes: 1000, isRefused: true }, answer)).toEqual(decision);
  });

  it('never sends again what we know to be acknowledged, and never skips a byte beyond what the registry says', () => {
    const bytes = fc.integer({ min: 0, max: 1000 });
    fc.assert(
      fc.property(bytes, fc.option(bytes, { nil: undefined }), (acknowledgedBytes, offset) => {
        const decision = decideResume({ acknowledgedBytes, blobBytes: 1000 }, { kind: 'known', offset });
        expect(decision.act === 'go-on' && decision.offset).toBe(Math.max(acknowledgedBytes, offset ?? 0));
      }),
    );
  });

  it.each([
    ['names another offset', 4096, 4096],
    ['names the offset just tried', 100, undefined],
    ['names none', undefined, undefined],
    ['names nonsense', -1, undefined],
  ])('a refusal that %s', (_, offset, expected) => {
    const refusal = new Failure('range_refused', 'no', { extensions: { offset } });
    expect(findNamedOffset(refusal, 100)).toBe(expected);
  });
});
