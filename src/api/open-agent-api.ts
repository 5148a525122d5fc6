import { OpenAPIHono } from '@hono/zod-openapi';
import type { Gatekeeper } from '../access/gatekeeper.ts';
import type { Resolves } from '../choice/resolution.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { answerError } from './answer-error.ts';
import type { ApiServices } from './api-services.ts';
import { guardedBy } from './caller.ts';
import { answerNoRoute } from './no-route.ts';
import { registerComponents } from './open-api-document.ts';
import type { ApiApp, ApiEnv } from './request-context.ts';
import { RequestIds } from './request-ids.ts';
import { requestLog } from './request-log.ts';
import { getRequestPath } from './request-path.ts';
import { mountOperations } from './routes/operations.ts';
import { mountResolve } from './routes/resolve.ts';
import { staleWarning } from './stale-warning.ts';

export type AgentApiServices = {
  readonly log: Log;
  readonly clock: Clock;
  readonly version: string;
  readonly resolver: Resolves;
  readonly gatekeeper: Gatekeeper;
  /** What is answered from: its clusters, and as of when it was true last (null while there is none). */
  readonly copy: { readonly clusters: readonly { readonly name: string }[]; readonly asOf: number | null };
  readonly health: Pick<ApiServices['health'], 'registries' | 'readiness'>;
};

/** The part of the HTTP API that an agent answers at its site, word for word as the service does. */
export function openAgentApi(services: AgentApiServices): ApiApp {
  const app: ApiApp = new OpenAPIHono<ApiEnv>({ getPath: getRequestPath });
  registerComponents(app);
  app.use('*', requestLog(services.log, services.clock, new RequestIds()));
  app.use('*', guardedBy(services.gatekeeper));
  app.use('/v1/*', staleWarning(services.copy, services.clock));
  mountResolve(app, { resolver: services.resolver, world: services.copy, log: services.log });
  mountOperations(app, services);
  app.notFound((c) => answerNoRoute(app, c));
  app.onError((error, c) => answerError(services, error, c));
  return app;
}
