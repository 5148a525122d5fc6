import type { Socket } from 'node:net';
import { type PeerCertificate, TLSSocket } from 'node:tls';
import type { Clock } from '../kernel/clock.ts';
import type { OidcRule, World } from '../regions/world.ts';
import type { PeerAuthenticator } from './authenticator.ts';
import type { Claims } from './oidc/claims.ts';
import { principalFromClaims } from './oidc/principal-from-claims.ts';
import type { Principal } from './principal.ts';

export type PeerCertificatesOptions = {
  readonly rules: readonly OidcRule[];
  readonly world: Pick<World, 'clusters' | 'sites'>;
  readonly clock: Clock;
};

/** Knows callers by the client certificate of their connection, which the handshake has verified. */
export class PeerCertificates implements PeerAuthenticator {
  readonly #options: PeerCertificatesOptions;
  readonly #known = new WeakMap<Socket, { principal: Principal | undefined; untilMs: number }>();

  constructor(options: PeerCertificatesOptions) {
    this.#options = options;
  }

  identifyPeer(socket: Socket): Principal | undefined {
    if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
    let known = this.#known.get(socket);
    if (known === undefined) {
      known = this.#look(socket.getPeerCertificate());
      this.#known.set(socket, known);
    }
    // A connection may outlive its certificate.
    return this.#options.clock.nowMs() < known.untilMs ? known.principal : undefined;
  }

  #look(certificate: PeerCertificate) {
    // A resumed session may be called authorized with no certificate at all: that has no subject, and stands for nobody.
    const untilMs = Date.parse(certificate.valid_to);
    const { rules, world } = this.#options;
    const found = principalFromClaims(certificateClaims(certificate), { name: 'certificate', rules }, world);
    return { principal: found === undefined ? undefined : { ...found, via: 'certificate' as const }, untilMs };
  }
}

/** What a certificate says of its holder, as rules read it. */
export function certificateClaims({
  subject,
  subjectaltname,
}: Pick<PeerCertificate, 'subject' | 'subjectaltname'>): Claims {
  const names = alternativeNames(subjectaltname ?? '');
  const { CN: cn, O: o, OU: ou } = subject ?? {};
  const sub = [cn].flat()[0] ?? names.uri?.[0] ?? names.dns?.[0];
  return { sub, cn, o, ou, ...names };
}

/** Names with characters that need quoting are no names of ours: one that holds `, URI:` must not become two. */
function alternativeNames(text: string): Record<string, string[]> {
  const names: Record<string, string[]> = {};
  if (text.includes('"')) return names;
  for (const entry of text.split(', ')) {
    const [, kind = '', value = ''] = /^(DNS|URI|email):(.+)$/.exec(entry) ?? [];
    const key = kind.toLowerCase();
    if (kind !== '') names[key] = [...(names[key] ?? []), value];
  }
  return names;
}
