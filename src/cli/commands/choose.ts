import { parseImageReference } from '../../oci/reference.ts';
import { deleteChoice, findChoice, putChoice } from '../api-calls.ts';
import type { Choice } from '../api-schema.ts';
import { waitForBackfill } from '../backfill-wait.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import type { Line } from '../line.ts';
import { getRecommendedChoice } from '../recommended-choice.ts';
import { renderVerdict } from '../render-recommendation.ts';
import type { Texts } from '../texts/texts.ts';
import { usageFailure } from '../usage-failure.ts';

export type ChooseOptions = {
  readonly default?: boolean;
  readonly recommended?: boolean;
  /** Take also what too little was measured for. */
  readonly provisional?: boolean;
  /** Whose clusters pull, for the recommendation. */
  readonly site?: string;
  readonly reason?: string;
  readonly wait?: boolean;
  readonly timeout?: number;
};

export async function runChoose(
  context: CliContext,
  subject: string,
  registry: string | undefined,
  options: ChooseOptions,
): Promise<number> {
  const { texts, json, out } = context;
  checkSubject(subject, texts);
  checkWays(registry, options, texts);

  const client = await context.openClient();
  const before = await findChoice(client, subject);
  const { reason } = options;
  const given = reason === undefined ? {} : { reason };
  const wanted =
    options.recommended === true
      ? { ...(await getRecommendedChoice(client, subject, options, texts)), ...given }
      : registry === undefined
        ? undefined
        : { registry, ...given };
  const choice =
    wanted === undefined ? await deleteChoice(client, subject, reason) : await putChoice(client, subject, wanted);
  if (!json) out.print(...renderChange(subject, before, choice, wanted === undefined, texts));
  if (!json && wanted !== undefined && 'evidence' in wanted) out.print(...renderVerdict(wanted.evidence, texts));
  if (options.wait && choice !== undefined) return waitForBackfill(context, client, subject, choice, options.timeout);
  if (json) out.printJson(choice ?? null);
  return EXIT_STATUS.done;
}

/** Exactly one way to choose, and the options that go with it. */
function checkWays(registry: string | undefined, options: ChooseOptions, { usage }: Texts): void {
  const ways = [registry !== undefined, options.default === true, options.recommended === true];
  if (ways.filter(Boolean).length !== 1) throw usageFailure(usage.registryOrDefault);
  if (options.recommended !== true && (options.provisional === true || options.site !== undefined))
    throw usageFailure(usage.onlyRecommended);
}

function checkSubject(subject: string, texts: Texts): void {
  if (subject.includes('*')) return;
  const { name, tag, digest } = parseImageReference(subject);
  if (tag !== null || digest !== null) throw usageFailure(texts.usage.subjectWithTag(subject, name));
}

/** What changed, and what follows from it for the clusters. */
function renderChange(
  subject: string,
  before: Choice | undefined,
  choice: Choice | undefined,
  toDefault: boolean,
  texts: Texts,
): Line[] {
  const { choose } = texts;
  if (choice === undefined) return [choose.noneInForce(subject)];
  const { registry, revision, backfill } = choice;
  const from = before?.registry ?? choice.previous ?? choose.nothing;
  if (toDefault) {
    const source = choose.sources[choice.source ?? ''] ?? choice.source ?? '';
    return [choose.byDefault(subject, from, registry, source), ...renderBackfill(choice, texts)];
  }
  const isSame = before?.registry === registry && before.revision === revision && before.source === choice.source;
  if (isSame)
    return [choose.unchanged(subject, registry, revision), ...(backfill === null ? [] : renderBackfill(choice, texts))];
  return [choose.changed(subject, from, registry, revision), ...renderBackfill(choice, texts)];
}

function renderBackfill({ backfill, registry }: Choice, { choose }: Texts): Line[] {
  if (backfill === null || backfill.total === 0) return [choose.nothingToCarry(registry)];
  if (backfill.placed === backfill.total) return [choose.carriedOver(backfill.total, registry)];
  return [choose.carryingOver(backfill.total, backfill.placed, registry), choose.meanwhile(registry)];
}
