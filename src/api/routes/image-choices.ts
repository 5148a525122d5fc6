import { z } from '@hono/zod-openapi';
import { Failure } from '../../kernel/failure.ts';
import type { ApiServices } from '../api-services.ts';
import { answerChoice, changeChoice, withdrawChoice } from '../choice-change.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { presentChoiceRevision } from '../present/present-choice.ts';
import type { ApiApp } from '../request-context.ts';
import { choiceAnswerHeaders, choiceChangeHeaders, withdrawQuery } from '../schema/choice-request-schema.ts';
import { choiceHistoryPageSchema, choiceSchema, newChoiceSchema } from '../schema/choice-schema.ts';
import { imageParams } from '../schema/image-params-schema.ts';
import { pageQuery } from '../schema/page-schema.ts';

/** Which relay an image's releases come from. An image that was never pushed may have a choice too. */
export function mountImageChoices(app: ApiApp, { choices }: Pick<ApiServices, 'choices'>): void {
  const path = '/v1/images/{name}/choice';
  const answers = { 200: jsonAnswer('The choice in force', choiceSchema, choiceAnswerHeaders) };

  mountOperation(
    app,
    {
      method: 'get',
      path,
      operationId: 'getImageChoice',
      permission: 'choice.read',
      tag: 'choices',
      summary: "Read an image's choice",
      params: imageParams,
      answers,
      failures: ['validation_failed', 'not_found'],
    },
    async (c, { params: { name } }) => {
      const choice = choices.effective(name);
      if (choice === undefined)
        throw new Failure('not_found', `No choice is in force for ${name}, and no pattern covers it`);
      return answerChoice(c, choices, { subject: name, isImage: true }, choice);
    },
    ({ params: { name } }) => ({ images: [name] }),
  );

  mountOperation(
    app,
    {
      method: 'put',
      path,
      operationId: 'chooseForImage',
      permission: 'choice.write',
      audit: 'choice.set',
      tag: 'choices',
      summary: 'Choose the relay of an image',
      description:
        'Its live releases are carried over; until each is placed, resolve answers the best registry that has it. Choosing what is chosen already changes nothing.',
      params: imageParams,
      headers: choiceChangeHeaders,
      body: newChoiceSchema,
      answers,
      failures: ['validation_failed', 'registry_unknown', 'revision_conflict', 'body_too_large'],
    },
    (c, { params: { name }, body }, caller) =>
      changeChoice(c, choices, { subject: name, isImage: true }, { ...body, who: caller.name }),
    ({ params: { name } }) => ({ images: [name] }),
  );

  mountOperation(
    app,
    {
      method: 'delete',
      path,
      operationId: 'returnImageToDefault',
      permission: 'choice.write',
      audit: 'choice.withdraw',
      tag: 'choices',
      summary: 'Return an image to its default',
      params: imageParams,
      query: withdrawQuery,
      headers: choiceChangeHeaders,
      answers: { ...answers, 204: { description: 'Done, and nothing is in force now' } },
      failures: ['validation_failed', 'revision_conflict'],
    },
    (c, { params: { name } }, caller) => withdrawChoice(c, choices, { subject: name, isImage: true }, caller.name),
    ({ params: { name } }) => ({ images: [name] }),
  );

  mountOperation(
    app,
    {
      method: 'get',
      path: '/v1/images/{name}/choice/history',
      operationId: 'listImageChoices',
      permission: 'choice.read',
      tag: 'choices',
      summary: "List an image's own choices, newest first",
      params: imageParams,
      query: z.strictObject(pageQuery),
      answers: { 200: jsonAnswer('A page of choices', choiceHistoryPageSchema) },
      failures: ['validation_failed'],
    },
    async (c, { params: { name }, query: { limit, cursor } }) => {
      const page = await choices.history(name, { limit, ...(cursor === undefined ? {} : { cursor }) });
      return c.json({ items: page.items.map(presentChoiceRevision), next: page.next });
    },
    ({ params: { name } }) => ({ images: [name] }),
  );
}
