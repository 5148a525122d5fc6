import type { FailureCode } from '../kernel/failure-codes.ts';

/**
 * Codes that callers of the API see, beyond those of the contract, as what they amount to for a caller. The failures
 * of registries reach a caller only while a push's source is asked, so they are told as the source's.
 */
const ALIASES: Partial<Record<FailureCode, FailureCode>> = {
  remote_unauthenticated: 'source_denied',
  remote_denied: 'source_denied',
  remote_not_found: 'source_not_found',
  remote_repository_unknown: 'source_not_found',
  remote_blob_unknown: 'source_not_found',
  content_missing: 'source_not_found',
  remote_rate_limited: 'source_unreachable',
  remote_unavailable: 'source_unreachable',
  remote_refused: 'source_unreachable',
  remote_unexpected: 'source_unreachable',
  connect_failed: 'source_unreachable',
  connection_lost: 'source_unreachable',
  stalled: 'source_unreachable',
  timed_out: 'source_unreachable',
  tls_failed: 'source_unreachable',
  address_forbidden: 'source_unreachable',
  digest_mismatch: 'source_unreachable',
  size_mismatch: 'source_unreachable',
  upload_session_lost: 'internal',
  range_refused: 'internal',
  tag_immutable: 'internal',
  attestations_refused: 'internal',
  deadline_exceeded: 'internal',
  config_invalid: 'internal',
  depot_corrupt: 'internal',
  secret_missing: 'not_ready',
  data_in_use: 'not_ready',
  data_unusable: 'not_ready',
  disk_full: 'depot_full',
  agent_away: 'internal',
  budget_used_up: 'internal',
  receiver_failed: 'internal',
  receiver_gone: 'internal',
  cancelled: 'already_finished',
};

/** The code that a problem document carries for a failure. */
export function problemCode(code: FailureCode): FailureCode {
  return ALIASES[code] ?? code;
}

/** Can a problem document carry this code? */
export function isProblemCode(code: FailureCode): boolean {
  return ALIASES[code] === undefined;
}
