import { z } from '@hono/zod-openapi';
import { toTimestamp } from '../../kernel/clock.ts';
import { Failure } from '../../kernel/failure.ts';
import { platformsIn } from '../../oci/platform-set.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { PlacementRecord, ReleaseRecord } from '../../sync/push/push-record.ts';
import type { ApiServices } from '../api-services.ts';
import { visibleImages } from '../caller.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { presentChoice } from '../present/present-choice.ts';
import { presentRelease } from '../present/present-image.ts';
import type { ApiApp } from '../request-context.ts';
import { imageParams, imageTagParams } from '../schema/image-params-schema.ts';
import { type Image, type ImageTag, imagePageSchema, imageSchema, imageTagSchema } from '../schema/image-schema.ts';
import { pageQuery } from '../schema/page-schema.ts';

type Services = Pick<ApiServices, 'images' | 'choices' | 'world'>;

/** What has been released, and where it lies. */
export function mountImages(app: ApiApp, { images, choices, world }: Services): void {
  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/images',
      operationId: 'listImages',
      permission: 'image.read',
      tag: 'images',
      summary: 'List images by name',
      query: z.strictObject({
        ...pageQuery,
        prefix: z.string().max(255).optional().openapi({ description: 'Only names that begin so', example: 'team/' }),
      }),
      answers: { 200: jsonAnswer('A page of images', imagePageSchema) },
      failures: ['validation_failed'],
    },
    async (c, { query: { limit, cursor, prefix } }, caller) => {
      const patterns = visibleImages(caller, 'image.read');
      const filter = { ...(prefix === undefined ? {} : { prefix }), ...(patterns === undefined ? {} : { patterns }) };
      const page = await images.listImages(filter, {
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      const items = page.items.map(({ name, tags, pushedAt }) => ({
        name,
        tags,
        pushedAt: toTimestamp(pushedAt),
        registry: choices.effective(name)?.registry ?? null,
      }));
      return c.json({ items, next: page.next });
    },
    () => ({ isFiltered: true }),
  );

  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/images/{name}',
      operationId: 'getImage',
      permission: 'image.read',
      tag: 'images',
      summary: 'Read an image: its choice, its releases and where they are placed',
      params: imageParams,
      query: z.strictObject(pageQuery),
      answers: { 200: jsonAnswer('The image', imageSchema) },
      failures: ['validation_failed', 'image_unknown'],
    },
    async (c, { params: { name }, query: { limit, cursor } }) => {
      const summary = await images.findImage(name);
      if (summary === undefined) throw imageUnknown(name);
      const releases = await images.listReleases(name, { limit, ...(cursor === undefined ? {} : { cursor }) });
      const placements = await placementsOf(name, releases.items);
      const choice = choices.effective(name);
      const backfill = choice === undefined || choice.record === null ? null : await choices.backfillOf(choice);
      const image: Image = {
        name,
        tags: summary.tags,
        pushedAt: toTimestamp(summary.pushedAt),
        choice: choice === undefined ? null : presentChoice(choice, backfill, name),
        releases: {
          items: releases.items.map((release) => presentRelease(release, placements, world)),
          next: releases.next,
        },
      };
      return c.json(image);
    },
    ({ params: { name } }) => ({ images: [name] }),
  );

  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/images/{name}/tags/{tag}',
      operationId: 'getImageTag',
      permission: 'image.read',
      tag: 'images',
      summary: 'Read a tag: what it means now, where that is placed, and what it meant before',
      params: imageTagParams,
      query: z.strictObject(pageQuery),
      answers: { 200: jsonAnswer('The tag', imageTagSchema) },
      failures: ['validation_failed', 'image_unknown', 'tag_unknown'],
    },
    async (c, { params: { name, tag }, query: { limit, cursor } }) => {
      const history = await images.releaseHistory(name, tag, { limit, ...(cursor === undefined ? {} : { cursor }) });
      // Pages after the first do not begin with what the tag means now.
      const newest =
        cursor === undefined ? history.items[0] : (await images.releaseHistory(name, tag, { limit: 1 })).items[0];
      if (newest === undefined) {
        if ((await images.findImage(name)) === undefined) throw imageUnknown(name);
        throw new Failure('tag_unknown', `The image ${name} has no tag ${tag}`);
      }
      const entries = history.items.map(({ digest, platformSet, pushId, acceptedAt }) => ({
        digest,
        platforms: [...platformsIn(platformSet)],
        push: pushId,
        acceptedAt: toTimestamp(acceptedAt),
      }));
      const answer: ImageTag = {
        name,
        ...presentRelease(newest, await placementsOf(name, [newest]), world),
        history: { items: entries, next: history.next },
      };
      return c.json(answer);
    },
    ({ params: { name } }) => ({ images: [name] }),
  );

  function placementsOf(name: RepositoryName, releases: readonly ReleaseRecord[]): Promise<readonly PlacementRecord[]> {
    const digests = new Set(releases.map(({ digest }) => digest).filter((digest) => digest !== null));
    return images.placementsOf(name, [...digests]);
  }
}

function imageUnknown(name: string): Failure {
  return new Failure('image_unknown', `There is no image ${name}: no release of it was ever pushed`);
}
