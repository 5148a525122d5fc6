import { cpus } from 'node:os';

/** A machine busier than this may measure itself instead of the path. */
export const SUSPECT_LOAD = 0.9;

type Ticks = { readonly busy: number; readonly all: number };

/** Begins to watch this machine's processors; what is returned answers the share of time that they were busy since. */
export function watchLocalLoad(): () => number | null {
  const before = readTicks();
  return () => {
    const after = readTicks();
    const all = after.all - before.all;
    return all <= 0 ? null : Math.min(Math.max((after.busy - before.busy) / all, 0), 1);
  };
}

function readTicks(): Ticks {
  let [busy, all] = [0, 0];
  for (const { times } of cpus()) {
    const working = times.user + times.nice + times.sys + times.irq;
    busy += working;
    all += working + times.idle;
  }
  return { busy, all };
}
