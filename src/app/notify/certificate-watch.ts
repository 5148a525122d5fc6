import type { EventBus } from '../../events/event-bus.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { CertificateState } from '../tls/certificate-files.ts';

const LOOK_EVERY_MS = 60_000;
/** What goes on is said again so often; whether anybody is reminded is decided elsewhere. */
const SAY_EVERY_MS = 3_600_000;

/** Tells of the service's own certificate: that it ends soon, and when that is over. */
export function watchCertificate(
  certificate: () => CertificateState | undefined,
  { events, clock }: { readonly events: EventBus; readonly clock: Clock },
): { look(): void; stop(): void } {
  let said: { readonly isEnding: boolean; readonly elapsedMs: number } | undefined;
  const look = () => {
    const state = certificate();
    if (state === undefined) return;
    const { expiresAtMs: endsAt, isEndingSoon: isEnding, isReplacementRefused: isRefused } = state;
    const elapsedMs = clock.elapsedMs();
    const isOld = said !== undefined && isEnding && elapsedMs - said.elapsedMs >= SAY_EVERY_MS;
    if (said?.isEnding === isEnding && !isOld) return;
    said = { isEnding, elapsedMs };
    events.emit({ type: 'certificate.looked', endsAt, isEnding, isRefused });
  };
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  return { look, stop: () => clearInterval(timer) };
}
