import type { ListenTls } from '../../api/listen-tls.ts';
import type { Environment } from '../../config/environment.ts';
import type { ListenAddress } from '../../config/listen-address.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { ServiceLink } from './service-link.ts';

/**
 * One thing that an agent does beside the others. To add one: write a file `open-….ts` in this folder that makes it
 * from an `AgentContext`, and name it in `agent-parts.ts`.
 *
 * `start` makes ready what needs no service and returns; it must not wait for the service, which may be out of reach
 * for days. What goes wrong later is logged and tried again by the part itself: it never ends the agent. `start` throws
 * only for what an operator has to mend.
 */
export type AgentPart = {
  /** For the log. */
  readonly name: string;
  start(): Promise<void>;
  /** Ends what `start` began, also where that failed halfway. */
  close(): Promise<void>;
};

/** What every part is given. */
export type AgentContext = {
  readonly site: string;
  /** What the service calls this agent. */
  readonly name: string;
  /** The agent's own folder, locked by this process; each part keeps to files of its own in it. */
  readonly folder: string;
  readonly listen: ListenAddress;
  /** Without it the agent listens over plain HTTP. */
  readonly tls?: ListenTls | undefined;
  /** The configuration file with credentials of registries, where there is one. */
  readonly config: string | undefined;
  readonly service: ServiceLink;
  readonly environment: Pick<Environment, 'findVariable'>;
  readonly version: string;
  readonly log: Log;
  readonly clock: Clock;
};
