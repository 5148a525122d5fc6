import { formatByteSize } from '../kernel/byte-size.ts';
import { formatDuration } from '../kernel/duration.ts';
import type { Push, Transfer } from './api-schema.ts';
import { displayWidth, padText } from './display-width.ts';
import { findElapsedMs } from './instant-text.ts';
import type { Line, Segment, Tone } from './line.ts';
import { plainText } from './plain-text.ts';
import { arrivedBytes } from './push-updates.ts';
import { shortDigest } from './short-digest.ts';
import type { Texts } from './texts/texts.ts';

const WIDEST_BAR = 30;
const NARROWEST_BAR = 8;
const WIDEST_NAME = 28;
const GAP = '  ';

const STATE_TONES: Readonly<Record<string, Tone>> = {
  placed: 'good',
  failed: 'bad',
  partial: 'bad',
  waiting: 'waiting',
  queued: 'faint',
  cancelled: 'faint',
};

/** How the state of a leg is shown, where there are colours with its colour. */
export function stateSegment(state: string, texts: Texts): Segment {
  return toned(texts.states[state] ?? state, state);
}

/** The state of a push is shown by its own word, which filters take: what runs may send, wait, or have nothing to do. */
export function pushStateSegment(state: string): Segment {
  return toned(state, state);
}

function toned(text: string, state: string): Segment {
  const tone = STATE_TONES[state];
  return tone === undefined ? text : { text, tone };
}

/**
 * A push as a screen shows it while it runs: a line for the push, one for each leg with its bar, and one below a leg
 * for its last error. Nothing in it is wider than `columns`; bars go first, when it is narrow.
 */
export function renderProgress(push: Push, nowMs: number, columns: number, texts: Texts): Line[] {
  const names = push.transfers.map(({ registry }) => plainText(registry));
  const states = push.transfers.map(({ state }) => texts.states[state] ?? state);
  const nameWidth = Math.min(WIDEST_NAME, Math.max(0, ...names.map(displayWidth)));
  const stateWidth = Math.max(0, ...states.map(displayWidth));
  const facts = push.transfers.map((leg) => legFacts(leg, nowMs, texts));
  const factsWidth = Math.max(0, ...facts.map(displayWidth));
  // Two of indent, two gaps around the state, the brackets and their gap.
  const barWidth = Math.min(WIDEST_BAR, columns - nameWidth - stateWidth - factsWidth - 2 - 2 * GAP.length - 4);
  const legs = push.transfers.flatMap((leg, index): Line[] => [
    [
      `  ${padText(names[index] ?? '', nameWidth)}${GAP}`,
      padSegment(stateSegment(leg.state, texts), stateWidth),
      barWidth < NARROWEST_BAR ? '' : `${GAP}[${bar(leg, barWidth)}]`,
      `${GAP}${facts[index]}`,
    ],
    ...errorLines(leg, texts),
  ]);
  return [headLine(push, nowMs, texts), ...legs];
}

function headLine(push: Push, nowMs: number, texts: Texts): Line {
  const elapsedMs = findElapsedMs(push.createdAt, push.finishedAt ?? new Date(nowMs).toISOString());
  const landed =
    push.bytesTotal === null
      ? texts.progress.asking
      : texts.progress.landed(formatByteSize(push.bytesLanded), formatByteSize(push.bytesTotal));
  const facts = [
    push.digest === null ? '' : shortDigest(push.digest),
    landed,
    elapsedMs === undefined ? '' : texts.progress.elapsed(formatDuration(Math.floor(elapsedMs / 1_000) * 1_000)),
  ];
  return [{ text: push.image, tone: 'strong' }, ...facts.filter((fact) => fact !== '').map((fact) => `${GAP}${fact}`)];
}

/** What is said of a leg beside its bar, the most telling first: the end is cut off where there is no room. */
export function legFacts(leg: Transfer, nowMs: number, texts: Texts): string {
  const { progress } = texts;
  const moved =
    leg.bytesTotal === 0
      ? leg.state === 'running'
        ? progress.planning
        : ''
      : progress.bytes(formatByteSize(arrivedBytes(leg)), formatByteSize(leg.bytesTotal));
  const facts = leg.bytesTotal === 0 ? [moved] : [`${padText(`${percent(leg)}%`, 4, 'right')}`, moved];
  if (leg.state === 'running' && leg.rate !== null)
    facts.push(progress.rate(formatByteSize(leg.rate), plainText(leg.congestionControl ?? '')));
  facts.push(leftText(leg, nowMs, texts));
  if (leg.state === 'waiting') {
    const nextMs = Date.parse(leg.nextAttemptAt ?? '') - nowMs;
    facts.push(nextMs > 0 ? progress.nextTry(formatDuration(nextMs)) : progress.nextTryNow);
  }
  const replaced = leg.connectionsReplaced.stalled + leg.connectionsReplaced.slow;
  if (replaced > 0) facts.push(progress.replaced(replaced));
  if (leg.attempts > 1 && leg.state !== 'placed') facts.push(progress.attempt(leg.attempts));
  return facts.filter((fact) => fact !== '').join(GAP);
}

export function percent(leg: Transfer): number {
  if (leg.bytesTotal === 0) return leg.state === 'placed' ? 100 : 0;
  // Rounded down: nothing is at 100 % with bytes to go.
  return Math.floor((arrivedBytes(leg) / leg.bytesTotal) * 100);
}

/** What is expected of a leg under way; nothing of one that is final, or waits for what nobody knows. */
function leftText(leg: Transfer, nowMs: number, { progress }: Texts): string {
  const { estimate } = leg;
  if (estimate === null) {
    // A service from before there were estimates.
    const leftMs = leg.state === 'running' && leg.rate !== null ? leftOf(leg, nowMs) : undefined;
    return leftMs === undefined ? '' : progress.left(formatDuration(leftMs), '');
  }
  if (estimate.medianMs === null) return progress.noHistory;
  return progress.left(
    formatDuration(wholeSeconds(estimate.medianMs)),
    estimate.p90Ms === null ? '' : formatDuration(wholeSeconds(estimate.p90Ms)),
  );
}

function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000;
}

/** From bytes and rate where there is one: the clock of the service may differ from this one. */
function leftOf(leg: Transfer, nowMs: number): number | undefined {
  if (leg.rate !== null && leg.rate > 0) return ((leg.bytesTotal - arrivedBytes(leg)) / leg.rate) * 1_000;
  const expectedMs = Date.parse(leg.expectedAt ?? '');
  return Number.isNaN(expectedMs) ? undefined : Math.max(0, expectedMs - nowMs);
}

function errorLines(leg: Transfer, texts: Texts): Line[] {
  if (leg.error === null || leg.state === 'placed') return [];
  const where = texts.progress.where(leg.error.side ?? '', leg.error.step ?? '');
  return [
    [
      {
        text: `    ${texts.progress.lastError(leg.error.detail, where)}`,
        tone: leg.state === 'failed' ? 'bad' : 'waiting',
      },
    ],
  ];
}

// Plain ASCII: terminals set to Chinese draw block characters two columns wide.
function bar(leg: Transfer, width: number): string {
  const filled = Math.floor((percent(leg) / 100) * width);
  return '#'.repeat(filled) + '-'.repeat(width - filled);
}

function padSegment(segment: Segment, width: number): Segment {
  return typeof segment === 'string' ? padText(segment, width) : { ...segment, text: padText(segment.text, width) };
}
