import { openAgentApi } from '../../api/open-agent-api.ts';
import { type HttpListener, listenHttp } from '../../api/serve.ts';
import type { AgentContext, AgentPart } from './agent-part.ts';

/** How long requests may take to end once the agent was told to stop. */
const GRACE_MS = 10_000;

/** The part that answers the clusters of the site. */
export function openAnswers({ listen, version, log, clock }: AgentContext): AgentPart {
  let listener: HttpListener | undefined;
  const app = openAgentApi({
    log,
    clock,
    version,
    health: { registries: () => new Map(), readiness: () => ({ ready: true, reasons: [] }) },
  });
  return {
    name: 'answers',
    async start() {
      listener = await listenHttp({ app, ...listen, log });
      log.info({ event: 'listening', url: listener.url, pid: process.pid, version });
    },
    async close() {
      await listener?.close(GRACE_MS);
    },
  };
}
