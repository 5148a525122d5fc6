import { randomUUID } from 'node:crypto';
import type { RegistryAccess } from '../../../src/api/v2/registry-access.ts';
import { answerJson, type RegistryAnswer } from '../../../src/api/v2/registry-answer.ts';

const PULLER_MAY = new Set(['GET', 'HEAD']);

/** ECR's passwords: user AWS, good for a while, and only for reading where the identity may only read. */
export class EcrTokens {
  readonly #lifeMs: number;
  readonly #origin: () => string;
  readonly #tokens = new Map<string, { readonly endsAtMs: number; readonly mayPush: boolean }>();

  constructor(lifeMs: number, origin: () => string) {
    this.#lifeMs = lifeMs;
    this.#origin = origin;
  }

  /** The value of `authorizationToken` and its end. */
  issue(mayPush: boolean): { readonly token: string; readonly endsAtMs: number } {
    const password = randomUUID();
    const endsAtMs = Date.now() + this.#lifeMs;
    this.#tokens.set(password, { endsAtMs, mayPush });
    return { token: Buffer.from(`AWS:${password}`).toString('base64'), endsAtMs };
  }

  /** From now on every password so far is refused. */
  expire(): void {
    this.#tokens.clear();
  }

  readonly access: RegistryAccess = {
    check: async ({ request }) => {
      const [, basic = ''] = /^Basic (.+)$/.exec(request.headers.authorization ?? '') ?? [];
      const [user, password = ''] = Buffer.from(basic, 'base64').toString().split(':');
      const token = user === 'AWS' ? this.#tokens.get(password) : undefined;
      if (token === undefined || token.endsAtMs <= Date.now()) return { kind: 'refused', answer: this.#challenge() };
      if (token.mayPush || PULLER_MAY.has(request.method ?? '')) return { kind: 'granted', wish: true };
      const errors = [{ code: 'DENIED', message: 'User is not authorized to perform: ecr:InitiateLayerUpload' }];
      return { kind: 'refused', answer: answerJson(403, { errors }) };
    },
  };

  /** Text and challenge as ECR sends them. */
  #challenge(): RegistryAnswer {
    return {
      status: 401,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'www-authenticate': `Basic realm="${this.#origin()}/",service="ecr.amazonaws.com"`,
      },
      body: Buffer.from('Not Authorized\n'),
    };
  }
}
