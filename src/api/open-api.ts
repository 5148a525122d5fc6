import { OpenAPIHono } from '@hono/zod-openapi';
import { answerError } from './answer-error.ts';
import type { ApiServices } from './api-services.ts';
import { answerNoRoute } from './no-route.ts';
import { registerComponents } from './open-api-document.ts';
import type { ApiApp, ApiEnv } from './request-context.ts';
import { RequestIds } from './request-ids.ts';
import { requestLog } from './request-log.ts';
import { getRequestPath } from './request-path.ts';
import { mountBenchmarkReport } from './routes/benchmark-report.ts';
import { mountBenchmarks } from './routes/benchmarks.ts';
import { mountCreatePush } from './routes/create-push.ts';
import { mountImageChoices } from './routes/image-choices.ts';
import { mountImages } from './routes/images.ts';
import { mountMetrics } from './routes/metrics.ts';
import { mountOperations } from './routes/operations.ts';
import { mountPatternChoices } from './routes/pattern-choices.ts';
import { mountPushEvents } from './routes/push-events.ts';
import { mountReadPushes } from './routes/read-pushes.ts';
import { mountRecommendation } from './routes/recommendation.ts';
import { mountResolve } from './routes/resolve.ts';
import { mountSnapshot } from './routes/snapshot.ts';
import { mountSteerPush } from './routes/steer-push.ts';
import { mountWorld } from './routes/world.ts';

/** The HTTP API over its services. Further doors may be mounted on the app that is returned. */
export function openApi(services: ApiServices, ids = new RequestIds()): ApiApp {
  const app: ApiApp = new OpenAPIHono<ApiEnv>({ getPath: getRequestPath });
  registerComponents(app);
  app.use('*', requestLog(services.log, services.clock, ids));
  mountCreatePush(app, services);
  mountReadPushes(app, services);
  mountPushEvents(app, services);
  mountSteerPush(app, services);
  mountImages(app, services);
  mountImageChoices(app, services);
  mountPatternChoices(app, services);
  mountResolve(app, services);
  mountSnapshot(app, services);
  mountRecommendation(app, services);
  mountBenchmarkReport(app, services);
  mountBenchmarks(app, services);
  mountWorld(app, services);
  mountMetrics(app, services);
  mountOperations(app, services);
  app.notFound((c) => answerNoRoute(app, c));
  app.onError((error, c) => answerError(services, error, c));
  return app;
}
