import { formatDuration } from '../../kernel/duration.ts';
import { listItems } from '../api-calls.ts';
import { type Push, pushSchema } from '../api-schema.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { findElapsedMs, formatLocalTime } from '../instant-text.ts';
import { countPlaced } from '../push-updates.ts';
import { pushStateSegment } from '../render-progress.ts';
import { renderTable } from '../table.ts';
import type { Texts } from '../texts/texts.ts';

export type PushesOptions = { readonly image?: string; readonly state?: string; readonly limit?: number };

const DEFAULT_LIMIT = 20;

export async function runPushes(context: CliContext, options: PushesOptions): Promise<number> {
  const { texts, json, out, err } = context;
  const filters = Object.entries({ image: options.image, state: options.state });
  const query = filters.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const list = { path: '/v1/pushes', query, limit: options.limit ?? DEFAULT_LIMIT };
  const items = await listItems(await context.openClient(), pushSchema, list);
  if (json) {
    out.printJson({ items, next: null });
    return EXIT_STATUS.done;
  }
  if (items.length === 0) {
    err.print(texts.pushes.none);
    return EXIT_STATUS.done;
  }
  const { columns } = texts;
  const titles = [
    { title: columns.push },
    { title: columns.image },
    { title: columns.state },
    { title: columns.legs, align: 'right' as const },
    { title: columns.pushed },
    { title: columns.took, align: 'right' as const },
  ];
  const rows = items.map((push) => {
    const tookMs = findElapsedMs(push.createdAt, push.finishedAt);
    return [
      push.id,
      push.image,
      pushStateSegment(push.state),
      texts.pushes.legs(countPlaced(push), push.transfers.length),
      formatLocalTime(push.createdAt),
      tookMs === undefined ? leftText(push, texts) : formatDuration(tookMs),
    ];
  });
  out.print(...renderTable(titles, rows));
  return EXIT_STATUS.done;
}

/** The time until its slowest leg is placed, where all that are under way can say. */
function leftText(push: Push, texts: Texts): string {
  const open = push.transfers.flatMap(({ estimate }) => (estimate === null ? [] : [estimate.medianMs]));
  const known = open.filter((ms) => ms !== null);
  if (open.length === 0 || known.length < open.length) return '';
  return texts.progress.left(formatDuration(Math.ceil(Math.max(...known) / 1_000) * 1_000), '');
}
