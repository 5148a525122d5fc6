import type { Failure } from '../kernel/failure.ts';
import { EXIT_STATUS } from './exit-status.ts';
import type { Line } from './line.ts';
import { enAccess } from './texts/en-access.ts';
import { enTls } from './texts/en-tls.ts';
import type { Texts } from './texts/texts.ts';
import { findTlsTrouble } from './tls-trouble.ts';

/** What was asked of whom, as far as it helps to say what to do. */
export type FailureContext = {
  readonly url: string;
  readonly hasToken: boolean;
  /** `ENTREPOT_CLIENT_CERT`. */
  readonly certPath?: string | undefined;
  /** The data folder that a service on this machine would have. */
  readonly data: string;
  /** `ENTREPOT_CA`. */
  readonly caPath?: string | undefined;
};

/** A failure in one sentence, then every mistake that it names, then what to do about it. */
export function explainFailure(failure: Failure, texts: Texts, context: FailureContext): Line[] {
  const { code, message, details } = failure;
  const problem = findProblem(failure);
  const shownCode = typeof problem?.code === 'string' ? problem.code : code;
  const trouble = problem === undefined ? findTlsTrouble(failure) : undefined;
  const hint =
    trouble === undefined
      ? findHint(shownCode, problem, texts, context)
      : enTls.hints[trouble](context.url, context.caPath);
  const sentence = texts.errors.line(message, shownCode);
  // Lines of our own making stay lines, and name every mistake; what a service sends is one line, whatever it contains.
  const sentences = problem === undefined ? sentence.split('\n') : [sentence];
  const untold = sentences.length > 1 ? [] : (details.errors ?? []).filter(({ detail }) => !message.includes(detail));
  return [
    ...sentences,
    ...untold.map(({ path, detail }) => texts.errors.mistake(path, detail)),
    ...(hint === undefined ? [] : [texts.errors.hint(hint)]),
  ];
}

/** A request that is not valid was put together from what was typed: wrong usage, whether we or the service see it. */
export function exitStatusOf(failure: Failure): number {
  return failure.code === 'validation_failed' ? EXIT_STATUS.usage : EXIT_STATUS.failed;
}

/** Did the service see it, and not this program? */
export function isFromService(failure: Failure): boolean {
  return findProblem(failure) !== undefined;
}

function findProblem(failure: Failure): Record<string, unknown> | undefined {
  const problem = failure.details.extensions?.problem;
  return typeof problem === 'object' && problem !== null ? { ...problem } : undefined;
}

function findHint(
  code: string,
  problem: Record<string, unknown> | undefined,
  texts: Texts,
  { url, hasToken, certPath, data }: FailureContext,
): string | undefined {
  const { push } = problem ?? {};
  if (code === 'not_placed' && typeof push === 'string') return texts.errors.notPlacedHint(push);
  if (code === 'unauthenticated') return enAccess.hint(hasToken, data, certPath);
  if (code === 'internal' && problem === undefined) return texts.errors.internalHere;
  const hint = Object.hasOwn(texts.errors.hints, code) ? texts.errors.hints[code] : undefined;
  return hint?.(url);
}
