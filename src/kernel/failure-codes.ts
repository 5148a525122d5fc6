/**
 * The closed table of everything that can go wrong, in one place: whose turn it is (`fault`), whether trying the same
 * thing again may help (`retry`), and the HTTP status where the API says it (RFC 9457; the codes with a status and a
 * fault of `caller` are the API's contract and never renamed).
 *
 * fault: `caller` sent something wrong · `operator` must change configuration, rights or space · `remote` is a
 * registry, source or network · `us` is a defect or the state of this process.
 */
export const FAILURE_CODES = {
  // --- requests
  validation_failed: { title: 'The request is not valid', fault: 'caller', retry: false, status: 400 },
  unauthenticated: { title: 'No valid credentials', fault: 'caller', retry: false, status: 401 },
  forbidden: { title: 'Not allowed', fault: 'caller', retry: false, status: 403 },
  not_found: { title: 'Nothing is here', fault: 'caller', retry: false, status: 404 },
  image_unknown: { title: 'No such image', fault: 'caller', retry: false, status: 404 },
  tag_unknown: { title: 'No such tag', fault: 'caller', retry: false, status: 404 },
  digest_unknown: { title: 'No such digest', fault: 'caller', retry: false, status: 404 },
  registry_unknown: { title: 'No such registry', fault: 'caller', retry: false, status: 404 },
  cluster_unknown: { title: 'No such cluster', fault: 'caller', retry: false, status: 404 },
  push_unknown: { title: 'No such push', fault: 'caller', retry: false, status: 404 },
  pattern_unknown: { title: 'No choice for this pattern', fault: 'caller', retry: false, status: 404 },
  token_unknown: { title: 'No such token', fault: 'caller', retry: false, status: 404 },
  receiver_unknown: { title: 'No such receiver of notices', fault: 'caller', retry: false, status: 404 },
  subscription_unknown: { title: 'No such subscription', fault: 'caller', retry: false, status: 404 },
  benchmark_unknown: { title: 'No such benchmark', fault: 'caller', retry: false, status: 404 },
  method_not_allowed: { title: 'Method not allowed', fault: 'caller', retry: false, status: 405 },
  not_recommended: { title: 'Nothing is recommended', fault: 'remote', retry: true, status: 409 },
  not_placed: { title: 'Not placed anywhere yet', fault: 'remote', retry: true, status: 409 },
  idempotency_conflict: {
    title: 'Idempotency key used for another request',
    fault: 'caller',
    retry: false,
    status: 409,
  },
  token_exists: { title: 'A token of that name holds already', fault: 'caller', retry: false, status: 409 },
  already_finished: { title: 'Already finished', fault: 'caller', retry: false, status: 409 },
  revision_conflict: { title: 'Changed meanwhile', fault: 'caller', retry: false, status: 412 },
  body_too_large: { title: 'Body too large', fault: 'caller', retry: false, status: 413 },
  source_unknown: { title: 'Source is not configured', fault: 'caller', retry: false, status: 422 },
  source_denied: { title: 'Source denied access', fault: 'operator', retry: false, status: 422 },
  source_not_found: { title: 'Source does not have it', fault: 'caller', retry: false, status: 422 },
  archive_invalid: { title: 'Archive is not a valid image', fault: 'caller', retry: false, status: 422 },
  rate_limited: { title: 'Too many requests', fault: 'caller', retry: true, status: 429 },
  internal: { title: 'Defect in entrepot', fault: 'us', retry: true, status: 500 },
  source_unreachable: { title: 'Source cannot be reached', fault: 'remote', retry: true, status: 502 },
  not_ready: { title: 'Service is not ready', fault: 'us', retry: true, status: 503 },
  depot_full: { title: 'Depot is full', fault: 'operator', retry: true, status: 507 },

  // --- registries and the network on the way to them
  remote_unauthenticated: {
    title: 'Registry does not accept the credentials',
    fault: 'operator',
    retry: true,
    status: 502,
  },
  remote_denied: { title: 'Registry denied access', fault: 'operator', retry: true, status: 502 },
  remote_not_found: { title: 'Registry does not have it', fault: 'remote', retry: false, status: 502 },
  remote_repository_unknown: {
    title: 'Repository does not exist at the registry',
    fault: 'operator',
    retry: true,
    status: 502,
  },
  agent_away: { title: 'The agent of the site is away', fault: 'operator', retry: true, status: 502 },
  budget_used_up: { title: 'Bytes of the day are used up', fault: 'operator', retry: true, status: 502 },
  remote_rate_limited: { title: 'Registry asks for patience', fault: 'remote', retry: true, status: 502 },
  remote_unavailable: { title: 'Registry is failing', fault: 'remote', retry: true, status: 502 },
  remote_refused: { title: 'Registry refused the request', fault: 'remote', retry: false, status: 502 },
  remote_unexpected: { title: 'Answer does not follow the protocol', fault: 'remote', retry: true, status: 502 },
  remote_blob_unknown: { title: 'Registry misses a blob of the manifest', fault: 'remote', retry: true, status: 502 },
  upload_session_lost: { title: 'Registry forgot the upload session', fault: 'remote', retry: true, status: 502 },
  range_refused: { title: 'Registry refused the range', fault: 'remote', retry: true, status: 502 },
  tag_immutable: { title: 'Tag is immutable and names another digest', fault: 'operator', retry: false, status: 502 },
  attestations_refused: { title: 'Registry takes no attestations', fault: 'operator', retry: false, status: 502 },
  connect_failed: { title: 'Connection failed', fault: 'remote', retry: true, status: 502 },
  connection_lost: { title: 'Connection lost', fault: 'remote', retry: true, status: 502 },
  stalled: { title: 'No bytes moved for too long', fault: 'remote', retry: true, status: 502 },
  timed_out: { title: 'No answer in time', fault: 'remote', retry: true, status: 504 },
  tls_failed: { title: 'TLS could not be established', fault: 'operator', retry: true, status: 502 },
  address_forbidden: { title: 'Address may not be asked', fault: 'operator', retry: false, status: 502 },

  // --- content
  receiver_failed: { title: 'A notice was not taken', fault: 'remote', retry: true, status: 502 },
  receiver_gone: { title: 'A receiver of notices is gone', fault: 'operator', retry: false, status: 502 },
  digest_mismatch: { title: 'Bytes are not what the digest says', fault: 'remote', retry: true, status: 502 },
  size_mismatch: { title: 'Size is not what the descriptor says', fault: 'remote', retry: true, status: 502 },
  manifest_invalid: { title: 'Manifest is not valid', fault: 'remote', retry: false, status: 422 },
  manifest_too_large: { title: 'Manifest is over 4 MiB', fault: 'remote', retry: false, status: 422 },
  content_missing: { title: 'Content is missing at the source', fault: 'remote', retry: false, status: 422 },
  platform_missing: { title: 'Image lacks a platform asked for', fault: 'caller', retry: false, status: 422 },
  name_collision: { title: 'Two images would share one name', fault: 'operator', retry: false, status: 409 },

  // --- this process
  config_invalid: { title: 'Configuration is not valid', fault: 'operator', retry: false, status: 500 },
  secret_missing: { title: 'A secret is missing', fault: 'operator', retry: true, status: 502 },
  data_in_use: { title: 'Data folder is in use', fault: 'operator', retry: false, status: 500 },
  data_unusable: { title: 'Data folder cannot be used', fault: 'operator', retry: false, status: 500 },
  disk_full: { title: 'Disk is full', fault: 'operator', retry: true, status: 507 },
  depot_corrupt: { title: 'Depot bytes changed on disk', fault: 'us', retry: true, status: 500 },
  deadline_exceeded: { title: 'Deadline passed', fault: 'remote', retry: false, status: 504 },
  cancelled: { title: 'Cancelled', fault: 'caller', retry: false, status: 409 },
} as const satisfies Record<
  string,
  { title: string; fault: 'caller' | 'operator' | 'remote' | 'us'; retry: boolean; status: number }
>;

export type FailureCode = keyof typeof FAILURE_CODES;
