import type { UseSink } from '../api/api-services.ts';
import type { ReleaseIndex } from '../choice/release-index.ts';
import type { UseRecorder } from '../choice/use-recorder.ts';
import type { Clock } from '../kernel/clock.ts';

/** Notes what agents report as if it had been resolved here; never as of later than now, whatever their clocks say. */
export function openUseSink(parts: {
  readonly uses: Pick<UseRecorder, 'note'>;
  readonly index: Pick<ReleaseIndex, 'findImage'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}): UseSink {
  return {
    note({ cluster, name, digest, at }) {
      const release = parts.index.findImage(name)?.findDigest(digest);
      if (release === undefined) return false;
      parts.uses.note(release, cluster, Math.min(at, parts.clock.nowMs()));
      return true;
    },
  };
}
