import type { BenchmarkBody } from '../../api/schema/benchmark-schema.ts';
import type { Choice } from '../../api/schema/choice-schema.ts';
import type { Push } from '../../api/schema/push-schema.ts';
import type { RecommendationAnswer } from '../../api/schema/recommendation-schema.ts';
import type { Resolve } from '../../api/schema/resolve-schema.ts';
import { Failure } from '../../kernel/failure.ts';
import { Secret } from '../../kernel/secret.ts';

/** Longer than the longest wait that is asked for. */
const TIMEOUT_MS = 90_000;

/** The few calls of the API that the demo makes, as any client would. */
export class DemoApi {
  readonly #url: string;
  readonly #token: Secret;
  readonly #signal: AbortSignal | undefined;

  constructor(url: string, token: Secret, signal?: AbortSignal) {
    this.#url = url;
    this.#token = token;
    this.#signal = signal;
  }

  async push(image: string, source: string): Promise<Push> {
    return this.#ask('POST', '/v1/pushes', { image, source });
  }

  async getPush(id: string, wait = '0s'): Promise<Push> {
    return this.#ask('GET', `/v1/pushes/${id}?wait=${wait}`);
  }

  async resolve(image: string, cluster: string, wait = '0s'): Promise<Resolve> {
    return this.#ask('GET', `/v1/resolve?image=${encodeURIComponent(image)}&cluster=${cluster}&wait=${wait}`);
  }

  async getChoice(name: string): Promise<Choice> {
    return this.#ask('GET', `/v1/images/${encodeURIComponent(name)}/choice`);
  }

  /** A token for the agent of a site. */
  async makeAgentToken(site: string): Promise<Secret> {
    const { token } = await this.#ask<{ token: string }>('POST', '/v1/tokens', {
      name: `agent-${site}`,
      role: 'agent',
      site,
    });
    return new Secret(token);
  }

  async measure(wanted: {
    rounds: number;
    legs: readonly string[];
    payloads: readonly string[];
    idle: string;
  }): Promise<BenchmarkBody> {
    return this.#ask('POST', '/v1/benchmarks', wanted);
  }

  async getBenchmark(id: string): Promise<BenchmarkBody> {
    return this.#ask('GET', `/v1/benchmarks/${id}`);
  }

  async getRecommendation(site: string): Promise<RecommendationAnswer> {
    return this.#ask('GET', `/v1/recommendation?site=${site}`);
  }

  async #ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token.reveal()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(this.#signal === undefined ? [] : [this.#signal])]),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Failure('internal', `${method} ${path} was answered ${response.status}: ${text.slice(0, 500)}`);
    return JSON.parse(text) as T;
  }
}
