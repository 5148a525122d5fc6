import type { ChoiceRecord, EffectiveChoice } from '../../src/choice/choice-record.ts';
import type { Choices, ChooseRequest } from '../../src/choice/choices.ts';
import { Failure } from '../../src/kernel/failure.ts';
import { comparePatterns, matchesPattern } from '../../src/kernel/pattern.ts';
import { AT, world } from './samples.ts';

/** Choices in a list, deciding as the contract says. */
export class FakeChoices implements Choices {
  readonly records: ChoiceRecord[] = [];

  effective(name: string): EffectiveChoice | undefined {
    const own = this.#newest(name);
    if (own !== undefined && own.registry !== null)
      return { registry: own.registry, revision: own.revision, source: 'image', subject: name, record: own };
    return this.listPatterns().find(({ subject }) => matchesPattern(subject, name));
  }

  findPattern(pattern: string) {
    return this.listPatterns().find(({ subject }) => subject === pattern);
  }

  listPatterns(): EffectiveChoice[] {
    const subjects = [
      ...new Set(this.records.map(({ subject }) => subject).filter((subject) => subject.includes('*'))),
    ];
    const stored = subjects.flatMap((subject): EffectiveChoice[] => {
      const record = this.#newest(subject);
      return record === undefined || record.registry === null
        ? []
        : [{ registry: record.registry, revision: record.revision, source: 'pattern', subject, record }];
    });
    const rest = stored.some(({ subject }) => subject === '*')
      ? []
      : world.choices.map(
          ({ pattern, registry }): EffectiveChoice => ({
            registry,
            revision: 0,
            source: 'configuration',
            subject: pattern,
            record: null,
          }),
        );
    return [...stored, ...rest].sort((a, b) => comparePatterns(a.subject, b.subject));
  }

  async choose(request: ChooseRequest): Promise<EffectiveChoice> {
    if (!world.registries.some(({ name }) => name === request.registry))
      throw new Failure('registry_unknown', `there is no registry ${request.registry}`);
    this.#append(request, request.registry, request.evidence);
    const effective = request.subject.includes('*')
      ? this.findPattern(request.subject)
      : this.effective(request.subject);
    if (effective === undefined) throw new Error('a choice just made is in force');
    return effective;
  }

  async unchoose(request: Omit<ChooseRequest, 'registry' | 'evidence'>) {
    this.#append(request, null, null);
    return request.subject.includes('*') ? this.findPattern(request.subject) : this.effective(request.subject);
  }

  async history(subject: string, { limit }: { limit: number }) {
    return {
      items: this.records
        .filter((record) => record.subject === subject)
        .reverse()
        .slice(0, limit),
      next: null,
    };
  }

  async backfillOf() {
    return { total: 3, placed: 2, failed: 0 };
  }

  #newest(subject: string): ChoiceRecord | undefined {
    return this.records.findLast((record) => record.subject === subject);
  }

  #append(request: Omit<ChooseRequest, 'registry' | 'evidence'>, registry: string | null, evidence: unknown): void {
    const { subject, who, reason, expectedRevision } = request;
    const before = this.#newest(subject);
    const revision = before?.revision ?? 0;
    if (expectedRevision !== undefined && expectedRevision !== revision)
      throw new Failure('revision_conflict', `the newest revision is ${revision}`);
    this.records.push({
      subject,
      revision: revision + 1,
      registry,
      who,
      at: AT,
      reason,
      evidence,
      previous: before?.registry ?? null,
    });
  }
}
