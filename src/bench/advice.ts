import type { RepositoryName } from '../oci/repository-name.ts';
import type { Recommendation } from './recommend/recommendation.ts';

export type AdviceQuestion = {
  readonly site: string;
  /** Whose choice is in force, and whose usual size counts; null for images in general. */
  readonly image?: RepositoryName | null;
  /** Whose choice is in force, where it is about a pattern. */
  readonly pattern?: string | null;
  /** Another size than the image's, or the configured one. */
  readonly referenceBytes?: number | null;
};

export const REPORT_FORMATS = ['json', 'csv', 'html'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export type ReportRequest = {
  readonly site: string;
  /** Null for all that was measured within `windowMs`. */
  readonly campaign: string | null;
  readonly payloadBytes?: number;
  /** How far back; a campaign is reported whole without it. */
  readonly windowMs?: number;
  readonly format: ReportFormat;
};

/** What measurements say. Computed aside, however much there is; nobody waits for it but who asked. */
export type Advice = {
  recommend(question: AdviceQuestion): Promise<Recommendation>;
  /** The finished text of its format. Throws `benchmark_unknown`. */
  report(request: ReportRequest): Promise<string>;
};
