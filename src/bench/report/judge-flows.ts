import { percentText, ratioText } from '../../kernel/figure-text.ts';
import { DIAGNOSTIC_ALGORITHM, type FlowDiagnosis, type FlowRun } from '../flow-diagnosis.ts';
import type { PathLeg } from '../recommend/measurement.ts';

/**
 * `capped`: only fewer bytes help. `loss`: more connections help, or a congestion control that does not take each loss
 * for a full queue. `per_connection`: more connections help, nothing else does.
 */
export type FlowVerdict = 'capped' | 'loss' | 'per_connection' | 'unknown';

/** What one connection against eight tells of a path. */
export type FlowReading = {
  readonly verdict: FlowVerdict;
  /** Goodput of eight over that of one; null where they cannot be compared. */
  readonly ratio: number | null;
  readonly sentence: string;
  readonly at: number | null;
  readonly one: FlowRun | null;
  readonly eight: FlowRun | null;
};

/** Below, eight share what one has; the rest is chance and the ramp-up. */
const CAPPED_BELOW = 1.5;
/** From here on, something holds each of them up by itself; eight of them could be eight times as fast. */
const HELD_UP_FROM = 3;

/**
 * What is over sooner was mostly ramp-up: cubic fills a line until the first losses, and takes seconds after each to find
 * out what it may still have (RFC 9438, 4.2). Only then does a single connection show whether losses hold it up.
 */
const LEAST_SECONDS = 5;

/** Did one connection go on for long enough to be what a large image would meet? */
export function isLongEnough({ seconds }: Pick<FlowRun, 'seconds'>): boolean {
  return seconds >= LEAST_SECONDS;
}

/**
 * The ratio tells a path that is held up by loss from one that is capped, with a congestion control that takes loss for
 * a full queue (RFC 9438, 4.6; Mathis et al. 1997: a connection's rate falls with the root of the loss, whatever others
 * do) and where this side sends. BBR's is 1 on either.
 */
export function judgeFlows(leg: PathLeg, diagnosis: FlowDiagnosis | undefined): FlowReading {
  const { at = null, one = null, eight = null } = (leg === 'upload' ? diagnosis : undefined) ?? {};
  const seen = { at, one, eight };
  const unknown = (why: string, ratio: number | null = null): FlowReading => ({
    ...{ verdict: 'unknown', ratio, ...seen },
    sentence: `not known, because ${why}`,
  });
  if (leg === 'download') return unknown('the far side sends, and how it does so is not known here');
  if (diagnosis === undefined) return unknown('one connection was not compared with eight (bench run --flows)');
  const { error, suspect } = diagnosis;
  if (error !== null) return unknown(`the comparison failed: ${error.detail}`);
  if (one === null || eight === null) return unknown('the comparison was not finished');
  const others = [one, eight].find(({ congestionControl }) => congestionControl !== DIAGNOSTIC_ALGORITHM);
  if (others !== undefined)
    return unknown(
      `the connections used ${others.congestionControl ?? 'a congestion control that the system does not tell'} and not ${DIAGNOSTIC_ALGORITHM}`,
    );
  if (one.rate === null || eight.rate === null) return unknown('the bytes were over too soon');
  const ratio = eight.rate / one.rate;
  if (suspect) return unknown('this machine was too busy meanwhile', ratio);
  const times = `${ratioText(ratio)} times as fast as one`;
  if (ratio < CAPPED_BELOW && !isLongEnough(one))
    return unknown(`the bytes were over after ${ratioText(one.seconds)} s, before losses could show`, ratio);
  if (ratio < CAPPED_BELOW) {
    const told = ratio < 1.1 ? 'no faster than one' : `only ${times}`;
    return { verdict: 'capped', ratio, ...seen, sentence: `capped: eight flows are ${told}` };
  }
  if (ratio < HELD_UP_FROM) return unknown(`eight flows are ${times}: neither a cap nor loss alone`, ratio);
  const lost = findLostShare(one, eight);
  if (lost === null)
    return unknown(`eight flows are ${times}, and the system does not tell whether anything was lost`, ratio);
  if (lost === 0) {
    const sentence = `limited for each connection, not by loss: eight flows are ${times}, and nothing was sent again`;
    return { verdict: 'per_connection', ratio, ...seen, sentence };
  }
  const sentence = `limited by loss: eight flows are ${times}, and ${shareText(lost)} of the bytes were sent again`;
  return { verdict: 'loss', ratio, ...seen, sentence };
}

/** Of both together: a single connection may be lucky. */
function findLostShare(one: FlowRun, eight: FlowRun): number | null {
  if (one.retransmittedBytes === null || eight.retransmittedBytes === null) return null;
  return (one.retransmittedBytes + eight.retransmittedBytes) / (one.bytes + eight.bytes);
}

function shareText(share: number): string {
  return share < 0.01 ? `${(100 * share).toPrecision(2)} %` : percentText(share);
}
