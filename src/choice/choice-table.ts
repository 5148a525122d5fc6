import { comparePatterns, matchesPattern, patternWeight } from '../kernel/pattern.ts';
import type { World } from '../regions/world.ts';
import type { ChoiceRecord, EffectiveChoice } from './choice-record.ts';
import { isPatternSubject } from './choice-subject.ts';

/**
 * Which of two choices for the same image wins: the exact name, then the longer text before the first `*`, then the
 * store over the file; where they are equal in that, the longer pattern and then the lesser text, so that two choices
 * with different subjects are never equal. Negative when `a` wins.
 */
export function compareChoices(a: EffectiveChoice, b: EffectiveChoice): number {
  const weights = [patternWeight(a.subject), patternWeight(b.subject)] as const;
  if (weights[0] !== weights[1]) return weights[0] > weights[1] ? -1 : 1;
  return Number(isConfigured(a)) - Number(isConfigured(b)) || comparePatterns(a.subject, b.subject);
}

/** All choices as of one moment, never changed: the file's defaults and the newest record of every subject. */
export class ChoiceTable {
  readonly #exact = new Map<string, EffectiveChoice>();
  readonly #own = new Map<string, EffectiveChoice>();
  /** Patterns from both, in the order in which they win. */
  readonly #patterns: readonly EffectiveChoice[];

  constructor(defaults: World['choices'], records: Iterable<ChoiceRecord>) {
    const choices: EffectiveChoice[] = defaults.map(({ pattern, registry }) => ({
      registry,
      revision: 0,
      source: 'configuration',
      subject: pattern,
      record: null,
    }));
    for (const record of records) {
      if (record.registry === null) continue;
      const source = isPatternSubject(record.subject) ? 'pattern' : 'image';
      choices.push({ registry: record.registry, revision: record.revision, source, subject: record.subject, record });
    }
    choices.sort(compareChoices);
    for (const choice of choices) {
      if (!this.#own.has(choice.subject)) this.#own.set(choice.subject, choice);
      if (!isPatternSubject(choice.subject) && !this.#exact.has(choice.subject))
        this.#exact.set(choice.subject, choice);
    }
    this.#patterns = choices.filter((choice) => isPatternSubject(choice.subject));
  }

  /**
   * What is in force for an image. Given a pattern, what is in force for all it stands for: itself or the most
   * specific pattern that contains it, because its own `*` is matched like any other character.
   */
  findEffective(subject: string): EffectiveChoice | undefined {
    return this.#exact.get(subject) ?? this.#patterns.find((choice) => matchesPattern(choice.subject, subject));
  }

  /** The choice made for exactly this subject. */
  findOwn(subject: string): EffectiveChoice | undefined {
    return this.#own.get(subject);
  }

  /** Every pattern, and every single image that the configuration names, each once as it is in force. */
  listDefaults(): readonly EffectiveChoice[] {
    return [...this.#own.values()].filter((choice) => isPatternSubject(choice.subject) || isConfigured(choice));
  }
}

function isConfigured(choice: EffectiveChoice): boolean {
  return choice.source === 'configuration';
}
