import { type Push, pushSchema, type Transfer, transferSchema } from './api-schema.ts';
import type { ServerSentEvent } from './server-sent-events.ts';

/**
 * A push after one event of its stream: `push` brings the whole push, `transfer` and `progress` one leg or some of
 * its fields. What cannot be read changes nothing: an event is a hint, the push itself is asked for again and again.
 */
export function applyPushEvent(push: Push, event: ServerSentEvent): Push {
  const data = parseObject(event.data);
  if (data === undefined) return push;
  if (Array.isArray(data.transfers)) {
    const whole = pushSchema.safeParse({ ...push, ...data });
    return whole.success && whole.data.id === push.id ? whole.data : push;
  }
  // The push's id comes with each leg that is told alone; it is not of the leg.
  const { push: _, ...changes } = data;
  const index = push.transfers.findIndex(({ registry }) => registry === changes.registry);
  const leg = transferSchema.safeParse({ ...push.transfers[index], ...changes });
  if (!leg.success) return push;
  return { ...push, transfers: index < 0 ? [...push.transfers, leg.data] : push.transfers.with(index, leg.data) };
}

/** Bytes of a leg that are at its registry, whether they were sent or there already; each counted once. */
export function arrivedBytes(leg: Transfer): number {
  const arrived = leg.bytesSent - leg.bytesResent + leg.bytesSavedPresent + leg.bytesSavedMounted;
  return leg.state === 'placed' ? leg.bytesTotal : Math.min(Math.max(arrived, 0), leg.bytesTotal);
}

export function countPlaced(push: Push): number {
  return push.transfers.filter(({ state }) => state === 'placed').length;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return parseRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function parseRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
