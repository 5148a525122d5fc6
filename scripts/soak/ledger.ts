import type { SeenSession } from './witness.ts';

/** One attempt to make a tag mean a digest. Instants are milliseconds of one clock. */
export type Attempt = {
  readonly image: string;
  /** The way it came: named at a source registry, as an archive, or through the service's own registry door. */
  readonly by: 'registry' | 'archive' | 'door';
  readonly name: string;
  readonly tag: string;
  readonly digest: string;
  readonly beganAt: number;
  /** When the service had acknowledged it; null when it never did. */
  ackedAt: number | null;
  pushId: string | null;
};

export type AcknowledgedChoice = { readonly image: string; readonly registry: string; readonly revision: number };
export type AcknowledgedBenchmark = { readonly id: string; readonly samples: number };

/** An answer of resolve, as it was given. */
export type GivenAnswer = { readonly image: string; readonly cluster: string; readonly reference: string };

/** What the service has acknowledged, in its callers' words: what the checker holds against what is there. */
export type Ledger = {
  readonly databasePath: string;
  readonly depotPath: string;
  /** By name of the registry: where it can be asked without a border between, and where its sessions lie. */
  readonly registries: Readonly<
    Record<
      string,
      {
        readonly url: string;
        readonly address: string;
        readonly folder: string;
        /** The upload sessions that the service was told of, by id. */
        readonly sessions: Readonly<Record<string, SeenSession>>;
      }
    >
  >;
  readonly attempts: readonly Attempt[];
  readonly choices: readonly AcknowledgedChoice[];
  readonly benchmarks: readonly AcknowledgedBenchmark[];
  /** Asked when everything had come to rest. */
  readonly finalAnswers: readonly GivenAnswer[];
};

/**
 * May a tag have meant this digest in an answer to a question that was asked at `askedAt`? It may, unless a later
 * attempt, begun after this one was acknowledged, had been acknowledged itself before the question.
 */
export function mayMean(attempts: readonly Attempt[], digest: string, askedAt: number): boolean {
  return attempts.some(
    (attempt) =>
      attempt.digest === digest &&
      !attempts.some(
        (later) =>
          later.digest !== digest &&
          attempt.ackedAt !== null &&
          later.ackedAt !== null &&
          later.beganAt > attempt.ackedAt &&
          later.ackedAt < askedAt,
      ),
  );
}
