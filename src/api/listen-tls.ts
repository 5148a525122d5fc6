/** PEM texts. */
export type TlsMaterial = {
  /** The certificate, with the intermediate ones after it. */
  readonly cert: string;
  readonly key: string;
  /** The authority whose client certificates are believed; without it none is asked for. */
  readonly clientCa?: string;
  /** Revocation lists: what stands on them is not believed. */
  readonly revoked?: readonly string[];
};

/** Do both say the same of what is revoked? */
export function hasSameLists(a: TlsMaterial | undefined, b: TlsMaterial | undefined): boolean {
  return a?.revoked?.join() === b?.revoked?.join();
}

/** With what a listener speaks TLS; it may change while it listens. */
export type ListenTls = {
  readonly material: TlsMaterial;
  onChange(listener: (material: TlsMaterial) => void): void;
};
