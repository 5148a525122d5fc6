import type { ReportVerdict } from '../../bench/desk/work-desk.ts';
import { toTimestamp } from '../../kernel/clock.ts';
import type { ApiServices } from '../api-services.ts';
import { jsonAnswer, mountOperation } from '../operation.ts';
import { getPullingSite } from '../pulling-site.ts';
import { type ApiApp, openRequestSignal } from '../request-context.ts';
import {
  agentParams,
  type SamplesTaken,
  sampleReportSchema,
  samplesReportSchema,
  samplesTakenSchema,
  type WorkAnswer,
  workAnswerSchema,
  workRequestSchema,
} from '../schema/agent-work-schema.ts';

type Verdict = SamplesTaken['items'][number];

/** What agents measure for the service. */
export function mountAgentWork(
  app: ApiApp,
  { world, desk, clock }: Pick<ApiServices, 'world' | 'desk' | 'clock'>,
): void {
  mountOperation(
    app,
    {
      method: 'post',
      path: '/v1/agents/{name}/work',
      operationId: 'takeWork',
      permission: 'agent.work',
      // It says what was measured, and where; the campaign is the deed.
      audit: 'none',
      tag: 'benchmarks',
      summary: 'Take the next work of a site',
      description:
        'Waits for it with `wait`. What was given and not done is given again to the same agent. From the two instants an agent reckons how far its clock is off.',
      params: agentParams,
      body: workRequestSchema,
      answers: { 200: jsonAnswer('The work, if there is any', workAnswerSchema) },
      failures: ['validation_failed'],
    },
    async (c, { params: { name }, body }, caller) => {
      const receivedAt = toTimestamp(clock.nowMs());
      const site = getPullingSite(world, body.site ?? caller.site);
      const agent = { name, site, clockOffsetMs: body.clockOffsetMs ?? null };
      const answer = (work: WorkAnswer['work']) =>
        c.json({ work, receivedAt, answeredAt: toTimestamp(clock.nowMs()) } satisfies WorkAnswer);
      if (!body.take) {
        await desk.greet(agent);
        return answer(null);
      }
      const { signal, release } = openRequestSignal(c);
      try {
        const work = await desk.take(agent, body.wait ?? 0, signal);
        if (work === undefined) return answer(null);
        const { id, registry, repository, digest, payloadBytes, idleMs, patienceMs } = work;
        return answer({ id, leg: 'download', registry, repository, digest, payloadBytes, idleMs, patienceMs });
      } finally {
        release();
      }
    },
    ({ body }, caller) => ({ site: getPullingSite(world, body.site ?? caller.site) }),
  );

  mountOperation(
    app,
    {
      method: 'post',
      path: '/v1/agents/{name}/samples',
      operationId: 'reportSamples',
      permission: 'agent.work',
      audit: 'none',
      tag: 'benchmarks',
      summary: 'Report the samples of a site',
      description:
        'Each is judged by itself and recorded once by its id; it may be repeated. One that cannot have been measured for work that this agent was given is refused with the reason.',
      params: agentParams,
      body: samplesReportSchema,
      answers: { 200: jsonAnswer('What became of each', samplesTakenSchema) },
      failures: ['validation_failed'],
    },
    async (c, { params: { name }, body }, caller) => {
      const site = getPullingSite(world, body.site ?? caller.site);
      const items: Verdict[] = [];
      for (const given of body.samples) {
        const parsed = sampleReportSchema.safeParse(given);
        if (parsed.success) {
          const verdicts = await desk.report({ name, site, clockOffsetMs: null }, [parsed.data]);
          items.push(...verdicts.map(presentVerdict));
          continue;
        }
        const reason = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
        items.push({ id: findId(given), state: 'refused', reason: reason.slice(0, 1_000) });
      }
      return c.json({ items });
    },
    ({ body }, caller) => ({ site: getPullingSite(world, body.site ?? caller.site) }),
  );
}

function presentVerdict(verdict: ReportVerdict): Verdict {
  const { id, state } = verdict;
  return { id, state, reason: verdict.state === 'refused' ? verdict.reason : null };
}

function findId(given: unknown): string | null {
  const id = typeof given === 'object' && given !== null && 'id' in given ? given.id : null;
  return typeof id === 'string' ? id.slice(0, 500) : null;
}
