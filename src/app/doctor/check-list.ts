import type { DoctorCheck, DoctorCheckName } from '../../cli/doctor-report.ts';
import { toFailure } from '../../kernel/failure.ts';

/** What a check found, when it did not fail. */
export type Finding = string | { readonly state: 'warning'; readonly detail: string };

/** Does checks one after the other; what needs one that failed is skipped and says so. */
export class CheckList {
  readonly checks: DoctorCheck[] = [];

  /** True when it did not fail. */
  async run(check: DoctorCheckName, needs: readonly DoctorCheckName[], look: () => Promise<Finding>): Promise<boolean> {
    const lacking = needs.find((need) => !this.#stands(need));
    if (lacking !== undefined) {
      this.checks.push({ check, state: 'skipped', detail: `needs ${lacking}`, code: null, ms: 0 });
      return false;
    }
    const begunMs = performance.now();
    const took = () => Math.round(performance.now() - begunMs);
    try {
      const found = await look();
      const { state, detail } = typeof found === 'string' ? { state: 'ok' as const, detail: found } : found;
      this.checks.push({ check, state, detail, code: null, ms: took() });
      return true;
    } catch (error) {
      const { code, message } = toFailure(error);
      this.checks.push({ check, state: 'failed', detail: message, code, ms: took() });
      return false;
    }
  }

  #stands(check: DoctorCheckName): boolean {
    return this.checks.some((done) => done.check === check && (done.state === 'ok' || done.state === 'warning'));
  }
}
