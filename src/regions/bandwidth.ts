/** Bytes per second for blobs, up and down together: at all hours, and in some of the day in place of that. */
export type Bandwidth = {
  /** Null: no cap at hours that are not named. */
  readonly bytesPerSecond: number | null;
  /** Hours from 0 to 23; `to` is not included, and one below `from` is on the next day. The first that fits counts. */
  readonly hours: readonly { readonly from: number; readonly to: number; readonly bytesPerSecond: number }[];
};

/** The cap at an hour of the day; null when there is none. */
export function bandwidthAt(bandwidth: Bandwidth | undefined, hour: number): number | null {
  if (bandwidth === undefined) return null;
  const named = bandwidth.hours.find(({ from, to }) =>
    from < to ? hour >= from && hour < to : hour >= from || hour < to,
  );
  return named?.bytesPerSecond ?? bandwidth.bytesPerSecond;
}
