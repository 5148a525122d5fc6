import { formatByteSize } from '../kernel/byte-size.ts';
import { formatDuration } from '../kernel/duration.ts';
import { isFinal, type Push, type Transfer } from './api-schema.ts';
import { findElapsedMs } from './instant-text.ts';
import type { Line } from './line.ts';
import { countPlaced } from './push-updates.ts';
import { percent, stateSegment } from './render-progress.ts';
import { renderTable } from './table.ts';
import type { Texts } from './texts/texts.ts';

/** What came of a push, to be read once it is over: one sentence, a table of its legs, what was sent and saved. */
export function renderSummary(push: Push, texts: Texts): Line[] {
  const { summary } = texts;
  const saved = (leg: Transfer) => leg.bytesSavedPresent + leg.bytesSavedMounted;
  const sum = (count: (leg: Transfer) => number) => push.transfers.reduce((total, leg) => total + count(leg), 0);
  if (push.unchanged && push.state === 'placed') return [summary.unchanged(push.image), ...digestLines(push, texts)];
  const resent = sum((leg) => leg.bytesResent);
  return [
    headline(push, texts),
    ...digestLines(push, texts),
    ...(push.transfers.length === 0 ? [] : ['', ...legTable(push, texts), '']),
    summary.bytes(formatByteSize(sum((leg) => leg.bytesSent)), formatByteSize(sum(saved))),
    ...(resent > 0 ? [summary.resent(formatByteSize(resent))] : []),
    ...push.transfers
      .filter((leg) => leg.blobsRestarted > 0)
      .map((leg) => summary.restarted(leg.registry, leg.blobsRestarted)),
    ...push.transfers
      .filter((leg) => leg.state !== 'placed' && leg.error?.code === 'attestations_refused')
      .map((leg) => texts.placements.attestationsRefused(leg.registry)),
    ...(['failed', 'partial', 'cancelled'].includes(push.state) ? [summary.retryHint(push.id)] : []),
  ];
}

function headline(push: Push, texts: Texts): string {
  const { summary } = texts;
  const elapsedMs = findElapsedMs(push.createdAt, push.finishedAt);
  const duration = elapsedMs === undefined ? '' : summary.in(formatDuration(elapsedMs));
  const [placed, all] = [countPlaced(push), push.transfers.length];
  if (!isFinal(push)) return summary.running(push.image, placed, all);
  if (push.state === 'placed') return summary.placed(push.image, duration);
  if (push.state === 'cancelled') return summary.cancelled(push.image, placed, all);
  return placed > 0 ? summary.partial(push.image, placed, all, duration) : summary.failed(push.image, duration);
}

function digestLines(push: Push, texts: Texts): Line[] {
  return push.digest === null ? [] : [[{ text: texts.summary.digest(push.digest), tone: 'faint' }]];
}

function legTable(push: Push, texts: Texts): Line[] {
  const { columns } = texts;
  const titles = [
    { title: columns.registry },
    { title: columns.role },
    { title: columns.state },
    { title: push.source?.kind === 'door' ? columns.lag : columns.took, align: 'right' as const },
    { title: columns.sent, align: 'right' as const },
    { title: columns.saved, align: 'right' as const },
    { title: columns.error },
  ];
  const rows = push.transfers.map((leg) => {
    const tookMs = findElapsedMs(push.createdAt, leg.placedAt);
    const isOpen = leg.state !== 'placed' && !isFinal(push);
    return [
      leg.registry,
      leg.role ?? '',
      stateSegment(leg.state, texts),
      tookMs === undefined ? (isOpen ? `${percent(leg)}%` : '') : formatDuration(tookMs),
      formatByteSize(leg.bytesSent),
      formatByteSize(leg.bytesSavedPresent + leg.bytesSavedMounted),
      leg.error === null || leg.state === 'placed' ? '' : leg.error.detail,
    ];
  });
  return renderTable(titles, rows);
}
