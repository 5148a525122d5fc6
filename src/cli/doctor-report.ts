/** What is looked at, in this order; what needs an earlier one is skipped when that failed. */
export type DoctorCheckName =
  | 'certificate'
  | 'dns'
  | 'tcp'
  | 'tls'
  | 'congestion'
  | 'clock'
  | 'credentials'
  | 'create'
  | 'push'
  | 'pull'
  | 'redirect'
  | 'limits'
  | 'cleanup';

/** `warning` is what works and could be better; only `failed` makes the whole fail. */
export type DoctorCheck = {
  readonly check: DoctorCheckName;
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly detail: string;
  /** The code of the failure, where there was one. */
  readonly code: string | null;
  readonly ms: number;
};

export type DoctorReport = {
  readonly ok: boolean;
  /** The file whose registries were looked at, from this machine and with its secrets: no running service is asked. */
  readonly config: string;
  /** What concerns the service itself: nothing where it has no certificate of its own. */
  readonly service: readonly DoctorCheck[];
  readonly registries: readonly {
    readonly registry: string;
    readonly kind: string;
    readonly url: string;
    readonly checks: readonly DoctorCheck[];
  }[];
};

export type RunDoctor = (options: {
  readonly config: string;
  /** Only this one. */
  readonly registry?: string;
}) => Promise<DoctorReport>;
