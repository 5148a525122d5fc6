import type { EffectiveChoice } from '../choice/choice-record.ts';
import type { Choices } from '../choice/choices.ts';
import { Failure } from '../kernel/failure.ts';
import { presentChoice } from './present/present-choice.ts';
import type { ApiContext } from './request-context.ts';
import { formatRevisionTag, parseIfMatch } from './revision-tag.ts';
import type { NewChoiceBody } from './schema/choice-schema.ts';

/** An image, or a pattern, whose choice is asked for or changed. */
export type ChoiceSubject = { readonly subject: string; readonly isImage: boolean };

/** Puts a choice in force and answers it. Throws what `Choices.choose` throws, and `validation_failed` for bad headers. */
export async function changeChoice(
  c: ApiContext,
  choices: Choices,
  subject: ChoiceSubject,
  { who, ...body }: NewChoiceBody & { readonly who: string },
): Promise<Response> {
  const change = {
    ...requestedChange(c, choices, subject, who),
    registry: body.registry,
    reason: body.reason ?? null,
    evidence: body.evidence ?? null,
  };
  return answerChoice(c, choices, subject, await choices.choose(change));
}

/** Returns a subject to its default and answers what is in force then; 204 when nothing is. */
export async function withdrawChoice(
  c: ApiContext,
  choices: Choices,
  subject: ChoiceSubject,
  who: string,
): Promise<Response> {
  const effective = await choices.unchoose({
    ...requestedChange(c, choices, subject, who),
    reason: c.req.query('reason') ?? null,
  });
  return effective === undefined ? c.body(null, 204) : answerChoice(c, choices, subject, effective);
}

/**
 * Answers a choice with the entity tag that a change of this subject must match. That is the subject's own newest
 * revision: where a pattern or the configuration decides for an image, it is the image's, 0 while it never had any.
 */
export async function answerChoice(
  c: ApiContext,
  choices: Choices,
  { subject, isImage }: ChoiceSubject,
  choice: EffectiveChoice,
): Promise<Response> {
  const backfill = choice.record === null ? null : await choices.backfillOf(choice);
  const isOwn = choice.subject === subject && choice.record !== null;
  const revision = isOwn ? choice.revision : ((await choices.history(subject, { limit: 1 })).items[0]?.revision ?? 0);
  c.header('ETag', formatRevisionTag(revision));
  return c.json(presentChoice(choice, backfill, isImage ? subject : undefined));
}

/** What is in force for the subject, by the rules of its kind. */
export function findChoice(choices: Choices, { subject, isImage }: ChoiceSubject): EffectiveChoice | undefined {
  return isImage ? choices.effective(subject) : choices.findPattern(subject);
}

function requestedChange(
  c: ApiContext,
  choices: Choices,
  subject: ChoiceSubject,
  who: string,
): { subject: string; who: string; expectedRevision?: number } {
  const match = parseIfMatch(c.req.header('if-match'));
  if (match === 'any' && findChoice(choices, subject) === undefined) {
    throw new Failure(
      'revision_conflict',
      `If-Match asks for a choice of ${subject.subject} to be in force, and none is`,
    );
  }
  return {
    subject: subject.subject,
    who,
    ...(typeof match === 'number' ? { expectedRevision: match } : {}),
  };
}
