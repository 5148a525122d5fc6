import { getRecommendation, type RecommendationQuestion } from '../advice-calls.ts';
import type { CliContext } from '../cli-context.ts';
import { EXIT_STATUS } from '../exit-status.ts';
import { renderRanking, renderVerdict } from '../render-recommendation.ts';

export async function runBenchRecommend(context: CliContext, question: RecommendationQuestion): Promise<number> {
  const { texts, json, out } = context;
  const answer = await getRecommendation(await context.openClient(), question);
  if (json) out.printJson(answer);
  else out.print(...renderVerdict(answer, texts), '', ...renderRanking(answer, texts));
  return EXIT_STATUS.done;
}
