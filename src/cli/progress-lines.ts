import type { Push, Transfer } from './api-schema.ts';
import type { CliContext } from './cli-context.ts';
import type { Line } from './line.ts';
import type { ProgressView } from './progress-view.ts';
import { arrivedBytes } from './push-updates.ts';
import { legFacts, stateSegment } from './render-progress.ts';

/** Plain lines for logs, on stderr: one whenever a leg's state changes, and now and then how far a leg has come. */
export function openProgressLines({ io, texts, err }: CliContext): ProgressView {
  const told = new Map<string, { state: string; arrived: number; atMs: number }>();

  const report = (leg: Transfer, nowMs: number) => {
    const last = told.get(leg.registry);
    const arrived = arrivedBytes(leg);
    const isChange = last?.state !== leg.state;
    const isProgress = last !== undefined && arrived !== last.arrived && nowMs - last.atMs >= io.timings.progressLineMs;
    if (!isChange && !isProgress) return;
    told.set(leg.registry, { state: leg.state, arrived, atMs: nowMs });
    const facts = legFacts(leg, io.clock.nowMs(), texts).trimStart();
    const error = leg.error === null || leg.state === 'placed' ? '' : errorText(leg.error);
    const details = [facts, error].filter((text) => text !== '').join('; ');
    const line: Line = [`${leg.registry}: `, stateSegment(leg.state, texts), details === '' ? '' : `, ${details}`];
    err.print(line);
  };
  const errorText = (error: NonNullable<Transfer['error']>) =>
    texts.progress.lastError(error.detail, texts.progress.where(error.side ?? '', error.step ?? ''));

  return {
    update(push: Push) {
      const nowMs = io.clock.elapsedMs();
      for (const leg of push.transfers) report(leg, nowMs);
    },
    notice: (text) => err.print(text),
    [Symbol.dispose]() {},
  };
}
