import { z } from '@hono/zod-openapi';
import { isImageOf } from '../../access/allowance.ts';
import { Failure } from '../../kernel/failure.ts';
import type { ApiServices } from '../api-services.ts';
import { visibleImages } from '../caller.ts';
import { answerChoice, changeChoice, withdrawChoice } from '../choice-change.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { pageValues } from '../page-values.ts';
import { presentChoice } from '../present/present-choice.ts';
import type { ApiApp } from '../request-context.ts';
import { choiceAnswerHeaders, choiceChangeHeaders, withdrawQuery } from '../schema/choice-request-schema.ts';
import { choicePageSchema, choiceSchema, newChoiceSchema } from '../schema/choice-schema.ts';
import { patternParams } from '../schema/image-params-schema.ts';
import { pageQuery } from '../schema/page-schema.ts';

/** Defaults by pattern, for the images that have no choice of their own. */
export function mountPatternChoices(app: ApiApp, { choices }: Pick<ApiServices, 'choices'>): void {
  const path = '/v1/choices/{pattern}';
  const answers = { 200: jsonAnswer('The choice in force', choiceSchema, choiceAnswerHeaders) };

  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/choices',
      operationId: 'listPatternChoices',
      permission: 'choice.read',
      tag: 'choices',
      summary: 'List the defaults by pattern, most specific first',
      query: z.strictObject(pageQuery),
      answers: { 200: jsonAnswer('A page of choices', choicePageSchema) },
      failures: ['validation_failed'],
    },
    async (c, { query: { limit, cursor } }, caller) => {
      const patterns = visibleImages(caller, 'choice.read');
      const visible = choices
        .listPatterns()
        .filter(({ subject }) => patterns === undefined || isImageOf({ images: patterns }, subject));
      const page = pageValues(visible, ({ subject }) => subject, {
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      const items = await Promise.all(
        page.items.map(async (choice) =>
          presentChoice(choice, choice.record === null ? null : await choices.backfillOf(choice)),
        ),
      );
      return c.json({ items, next: page.next });
    },
    () => ({ isFiltered: true }),
  );

  mountOperation(
    app,
    {
      method: 'get',
      path,
      operationId: 'getPatternChoice',
      permission: 'choice.read',
      tag: 'choices',
      summary: "Read a pattern's choice",
      params: patternParams,
      answers,
      failures: ['validation_failed', 'pattern_unknown'],
    },
    async (c, { params: { pattern } }) => {
      const choice = choices.findPattern(pattern);
      if (choice === undefined) throw patternUnknown(pattern);
      return answerChoice(c, choices, { subject: pattern, isImage: false }, choice);
    },
    ({ params: { pattern } }) => ({ images: [pattern] }),
  );

  mountOperation(
    app,
    {
      method: 'put',
      path,
      operationId: 'chooseForPattern',
      permission: 'choice.write',
      audit: 'choice.set',
      tag: 'choices',
      summary: 'Choose the relay of the images that a pattern matches',
      description:
        'The exact name wins over patterns, then the pattern with the longest text before its first `*`, then the store over the configuration.',
      params: patternParams,
      headers: choiceChangeHeaders,
      body: newChoiceSchema,
      answers,
      failures: ['validation_failed', 'registry_unknown', 'revision_conflict', 'body_too_large'],
    },
    (c, { params: { pattern }, body }, caller) =>
      changeChoice(c, choices, { subject: pattern, isImage: false }, { ...body, who: caller.name }),
    ({ params: { pattern } }) => ({ images: [pattern] }),
  );

  mountOperation(
    app,
    {
      method: 'delete',
      path,
      operationId: 'returnPatternToDefault',
      permission: 'choice.write',
      audit: 'choice.withdraw',
      tag: 'choices',
      summary: 'Return a pattern to what the configuration says',
      params: patternParams,
      query: withdrawQuery,
      headers: choiceChangeHeaders,
      answers: { ...answers, 204: { description: 'Done, and nothing is in force for the pattern now' } },
      failures: ['validation_failed', 'pattern_unknown', 'revision_conflict'],
    },
    (c, { params: { pattern } }, caller) => {
      if (choices.findPattern(pattern) === undefined) throw patternUnknown(pattern);
      return withdrawChoice(c, choices, { subject: pattern, isImage: false }, caller.name);
    },
    ({ params: { pattern } }) => ({ images: [pattern] }),
  );
}

function patternUnknown(pattern: string): Failure {
  return new Failure('pattern_unknown', `There is no choice for the pattern ${pattern}`);
}
