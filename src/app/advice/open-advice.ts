import type { Advice, AdviceQuestion } from '../../bench/advice.ts';
import { PRODUCTION } from '../../bench/production/production-sample.ts';
import { defaultRule, type RuleSettings } from '../../bench/recommend/rule-settings.ts';
import type { Incumbent } from '../../bench/recommend/switch-decision.ts';
import type { EffectiveChoice } from '../../choice/choice-record.ts';
import type { Choices } from '../../choice/choices.ts';
import type { Clock } from '../../kernel/clock.ts';
import { Failure } from '../../kernel/failure.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { RecommendationSettings, World } from '../../regions/world.ts';
import type { RecommendTask } from './advice-task.ts';
import type { AdviceThread } from './advice-thread.ts';

export type AdviceOptions = {
  readonly world: World;
  readonly thread: Pick<AdviceThread, 'perform'>;
  readonly choices: Pick<Choices, 'effective' | 'findPattern'>;
  /** Bytes of an image's newest release; null where that is not known. */
  readonly sizeOf: (image: RepositoryName) => Promise<number | null>;
  /** Did this benchmark begin, whatever it measured so far? */
  readonly isBenchmark: (id: string) => Promise<boolean>;
  readonly clock: Pick<Clock, 'nowMs'>;
};

/** `recommendFor` asks for whatever a choice's subject has in force. */
export type OpenedAdvice = Advice & {
  recommendFor(site: string, incumbent: Incumbent | null): ReturnType<Advice['recommend']>;
};

/** Puts the questions of the API in the words of the rule, and has them reckoned aside. */
export function openAdvice({ world, thread, choices, sizeOf, isBenchmark, clock }: AdviceOptions): OpenedAdvice {
  const taskFor = (site: string, incumbent: Incumbent | null, referenceBytes?: number | null): RecommendTask => {
    const entry = world.sites.find(({ name }) => name === site);
    if (entry === undefined) throw siteUnknown(site);
    return {
      kind: 'recommend',
      site,
      at: clock.nowMs(),
      candidates: world.registries
        .filter(({ role, enabled }) => role === 'relay' && enabled)
        .map(({ name, costPerGb }) => ({ registry: name, costPerGb })),
      // What is pulled at the service's own site does not leave it.
      legs: entry.service ? ['upload'] : ['upload', 'download'],
      incumbent,
      rule: { ...toRule(world.recommendation), ...(referenceBytes == null ? {} : { referenceBytes }) },
    };
  };
  const perform = async (task: RecommendTask) => {
    const answer = await thread.perform(task);
    if (answer === null || typeof answer === 'string') throw new Failure('internal', 'a recommendation came as text');
    return answer;
  };
  return {
    async recommend({ site, image = null, pattern = null, referenceBytes = null }: AdviceQuestion) {
      const inForce = image === null ? findPatternChoice(choices, pattern ?? '*') : choices.effective(image);
      const bytes = referenceBytes ?? (image === null ? null : await sizeOf(image));
      return perform(taskFor(site, toIncumbent(inForce), bytes));
    },
    recommendFor: async (site, incumbent) => perform(taskFor(site, incumbent)),
    async report(request) {
      const recommend = taskFor(request.site, toIncumbent(choices.findPattern('*')));
      const { campaign } = request;
      const isKnown = campaign === null || campaign === PRODUCTION || (await isBenchmark(campaign));
      const answer = await thread.perform({ kind: 'report', request, recommend, isKnown });
      if (typeof answer === 'string') return answer;
      throw new Failure('benchmark_unknown', `There is no benchmark "${campaign}"`);
    },
  };
}

/** What decides for the images of a pattern that have nothing of their own. */
export function findPatternChoice(choices: Pick<Choices, 'findPattern'>, pattern: string): EffectiveChoice | undefined {
  return choices.findPattern(pattern) ?? choices.findPattern('*');
}

export function toIncumbent(choice: EffectiveChoice | undefined): Incumbent | null {
  return choice === undefined ? null : { registry: choice.registry, since: choice.record?.at ?? null };
}

function toRule(settings: RecommendationSettings): RuleSettings {
  const { referenceBytes, windowMs, minimum, timeZone, success, deadlineMs, coolDownMs } = settings;
  return {
    ...defaultRule,
    referenceBytes,
    windowMs,
    minimum,
    timeZone,
    success,
    deadlineSeconds: deadlineMs / 1_000,
    coolDownMs,
  };
}

function siteUnknown(site: string): Failure {
  const detail = 'is not one of the configured sites';
  return new Failure('validation_failed', `The site ${site} ${detail}`, { errors: [{ path: 'site', detail }] });
}
