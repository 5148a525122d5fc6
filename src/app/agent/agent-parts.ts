import type { AgentContext, AgentPart } from './agent-part.ts';
import { openAnswers } from './open-answers.ts';

/** Everything that an agent does, in the order in which it starts. */
export function openAgentParts(context: AgentContext): readonly AgentPart[] {
  return [openAnswers(context)];
}
