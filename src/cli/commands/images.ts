import { parseImageReference } from '../../oci/reference.ts';
import { listItems, read } from '../api-calls.ts';
import { imageSchema, imageSummarySchema, releaseSchema } from '../api-schema.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { formatAge } from '../instant-text.ts';
import { shortDigest } from '../short-digest.ts';
import { renderTable } from '../table.ts';
import { usageFailure } from '../usage-failure.ts';

export async function runImages(context: CliContext, name: string | undefined): Promise<number> {
  return name === undefined ? listImages(context) : showImage(context, name);
}

async function listImages(context: CliContext): Promise<number> {
  const { io, texts, json, out, err } = context;
  const items = await listItems(await context.openClient(), imageSummarySchema, { path: '/v1/images' });
  if (json) {
    out.printJson({ items, next: null });
    return EXIT_STATUS.done;
  }
  if (items.length === 0) {
    err.print(texts.images.none);
    return EXIT_STATUS.done;
  }
  const { columns } = texts;
  const titles = [
    { title: columns.image },
    { title: columns.tags, align: 'right' as const },
    { title: columns.choice },
    { title: columns.pushed },
  ];
  const nowMs = io.clock.nowMs();
  out.print(
    ...renderTable(
      titles,
      items.map((image) => [
        image.name,
        String(image.tags),
        image.registry ?? '',
        formatAge(image.pushedAt, nowMs, texts),
      ]),
    ),
  );
  return EXIT_STATUS.done;
}

async function showImage(context: CliContext, text: string): Promise<number> {
  const { io, texts, json, out } = context;
  const { name, tag, digest } = parseImageReference(text);
  if (tag !== null || digest !== null) throw usageFailure(texts.usage.imagesWithTag(text, name));
  const client = await context.openClient();
  const path = `/v1/images/${encodeURIComponent(name)}`;
  const image = read(imageSchema, await client.request({ method: 'GET', path }));
  const { items, next } = image.releases;
  const rest =
    next === null
      ? []
      : await listItems(client, releaseSchema, {
          path,
          cursor: next,
          readPage: (answer) => read(imageSchema, answer).releases,
        });
  const releases = [...items, ...rest];
  if (json) {
    out.printJson({ ...image, releases: { ...image.releases, items: releases, next: null } });
    return EXIT_STATUS.done;
  }
  const { choice } = image;
  const chosen = choice === null ? '' : texts.images.choice(choice.registry, choice.revision, choice.source ?? '');
  const { columns } = texts;
  const titles = [
    { title: columns.tag },
    { title: columns.digest },
    { title: columns.placedAt },
    { title: columns.pushed },
  ];
  const nowMs = io.clock.nowMs();
  const rows = releases.map((release) => [
    release.tag,
    release.digest === null ? '' : [shortDigest(release.digest), ...release.platforms].join(' '),
    release.placements.length === 0
      ? { text: texts.images.nowhere, tone: 'waiting' as const }
      : release.placements
          .map(({ registry, note }) => (note === null ? registry : texts.placements.inList(registry, note)))
          .join(', '),
    formatAge(release.acceptedAt, nowMs, texts),
  ]);
  out.print(
    texts.images.header(name, chosen),
    ...(rows.length === 0 ? [texts.images.noTags] : renderTable(titles, rows)),
  );
  return EXIT_STATUS.done;
}
