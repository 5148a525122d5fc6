import type { Clock } from '../../kernel/clock.ts';
import { untilAborted } from '../../registry/until-aborted.ts';

/** How long a question waits for others that can go with it. Short beside a crossing of the border. */
const GATHER_MS = 250;
/** Of keys, in one request. Source: ECR API reference, BatchCheckLayerAvailability and BatchGetImage, 2026-11-23. */
const MOST_KEYS = 100;

type Ask<K, V> = (repository: string, keys: readonly K[]) => Promise<ReadonlyMap<K, V> | undefined>;
type Gathering<K, V> = { readonly keys: Set<K>; readonly answer: Promise<ReadonlyMap<K, V> | undefined> };

/**
 * Questions about a repository that many legs have at the same time, asked together: each key once, a hundred a
 * request. An answer is always younger than the question, because the request goes out after it; none is kept.
 */
export class SharedQuestions<K, V> {
  readonly #ask: Ask<K, V>;
  readonly #clock: Clock;
  readonly #gathering = new Map<string, Gathering<K, V>>();

  constructor(ask: Ask<K, V>, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** What was answered for these keys; undefined when the request answered nothing at all. */
  async ask(repository: string, keys: readonly K[], signal: AbortSignal): Promise<ReadonlyMap<K, V> | undefined> {
    const gathering = this.#gathering.get(repository) ?? this.#open(repository);
    for (const key of keys) gathering.keys.add(key);
    const answers = await untilAborted(gathering.answer, signal);
    if (answers === undefined) return undefined;
    return new Map(
      keys.flatMap((key) => {
        const value = answers.get(key);
        return value === undefined ? [] : [[key, value] as const];
      }),
    );
  }

  #open(repository: string): Gathering<K, V> {
    const keys = new Set<K>();
    const gathering = { keys, answer: this.#answer(repository, keys) };
    this.#gathering.set(repository, gathering);
    return gathering;
  }

  async #answer(repository: string, gathered: ReadonlySet<K>): Promise<ReadonlyMap<K, V> | undefined> {
    await this.#clock.sleep(GATHER_MS);
    this.#gathering.delete(repository);
    const keys = [...gathered];
    const parts: (readonly K[])[] = [];
    for (let start = 0; start < keys.length; start += MOST_KEYS) parts.push(keys.slice(start, start + MOST_KEYS));
    const answers = await Promise.all(parts.map((part) => this.#ask(repository, part)));
    // Half an answer would make what was not answered look as if it were not there.
    if (answers.some((answer) => answer === undefined)) return undefined;
    return new Map(answers.flatMap((answer) => [...(answer ?? [])]));
  }
}
