import type { Gatekeeper } from '../../access/gatekeeper.ts';
import { openAgentApi } from '../../api/open-agent-api.ts';
import { type HttpListener, type HttpShortcut, listenHttp } from '../../api/serve.ts';
import { findMostConnections } from '../most-connections.ts';
import type { AgentContext, AgentPart } from './agent-part.ts';
import type { SiteCopy } from './site-copy.ts';

/** How long requests may take to end once the agent was told to stop. */
const GRACE_MS = 10_000;

/** The part that answers the clusters of the site. */
export function openAnswers(
  context: AgentContext,
  { answers, gatekeeper }: Pick<SiteCopy, 'answers'> & { readonly gatekeeper: Gatekeeper },
  shortcut: HttpShortcut,
): AgentPart {
  const { listen, tls, version, log, clock } = context;
  let listener: HttpListener | undefined;
  const app = openAgentApi({
    log,
    clock,
    version,
    resolver: answers,
    gatekeeper,
    copy: answers,
    health: {
      registries: () => new Map(),
      readiness: () =>
        answers.asOf === null
          ? { ready: false, reasons: ['the agent has not had a copy of the answers from the service yet'] }
          : { ready: true, reasons: [] },
    },
  });
  return {
    name: 'answers',
    async start() {
      listener = await listenHttp({ app, shortcut, ...listen, tls, log, mostConnections: findMostConnections() });
      log.info({ event: 'listening', url: listener.url, pid: process.pid, version });
    },
    async close() {
      await listener?.close(GRACE_MS);
    },
  };
}
