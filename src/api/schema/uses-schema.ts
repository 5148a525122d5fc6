import { z } from '@hono/zod-openapi';
import { parseDigest } from '../../oci/digest.ts';
import { parseRepositoryName } from '../../oci/repository-name.ts';
import { textOf } from './text-schema.ts';

/** As many uses are taken at once; an agent that has more reports again. */
export const MAX_USES = 1_000;

const useSchema = z
  .strictObject({
    cluster: z.string().min(1).max(128),
    name: textOf(parseRepositoryName).openapi({ example: 'team/app' }),
    digest: textOf(parseDigest).openapi({ description: 'The digest that the source calls it by' }),
    at: z.iso.datetime().openapi({ description: 'When it was resolved last' }),
  })
  .openapi('Use');

export const usesReportSchema = z
  .strictObject({
    site: z.string().min(1).max(128).optional().openapi({ description: 'By default the site of the token' }),
    uses: z.array(useSchema).max(MAX_USES),
  })
  .openapi('UsesReport');

export type UsesReport = z.infer<typeof usesReportSchema>;

export const usesTakenSchema = z
  .object({ taken: z.number().openapi({ type: 'integer', description: 'Those of known releases and clusters' }) })
  .openapi('UsesTaken');
