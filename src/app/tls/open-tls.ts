import { PeerCertificates } from '../../access/peer-certificates.ts';
import type { ListenTls } from '../../api/listen-tls.ts';
import { isLoopbackHost } from '../../config/listen-address.ts';
import type { Clock } from '../../kernel/clock.ts';
import { Failure } from '../../kernel/failure.ts';
import type { TlsFiles, World } from '../../regions/world.ts';
import type { Log } from '../../telemetry/log.ts';
import { CertificateFiles } from './certificate-files.ts';
import { PLAIN_HTTP, type ServiceTls } from './service-tls.ts';

export type TlsOptions = {
  /** What the command line says: paths of a certificate and its key. */
  readonly tls: { readonly cert?: string; readonly key?: string };
  readonly listen: { readonly host: string };
  /** Listen where others can reach it although tokens cross the network as plain text. */
  readonly allowInsecureListen: boolean;
};

export type OpenTls = ServiceTls & {
  /** Undefined to speak plain HTTP. */
  readonly listen: ListenTls | undefined;
  close(): void;
};

/**
 * How to listen: with the files of the command line, else those of the configuration, else without TLS. Throws
 * `config_invalid` for files that cannot be used, and where tokens would cross the network as plain text though nobody
 * said that they may.
 */
export function openTls(
  options: TlsOptions,
  world: Pick<World, 'tls' | 'clusters' | 'sites'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): OpenTls {
  const files = findFiles(options.tls, world.tls);
  if (files === undefined) {
    checkListensInside(options);
    return { ...PLAIN_HTTP, listen: undefined, close() {} };
  }
  const { clients: rules } = files;
  const opened = new CertificateFiles({ files, clock, log });
  return {
    peers: rules === undefined ? [] : [new PeerCertificates({ rules, world, clock })],
    certificate: () => opened.state,
    listen: opened,
    close: () => opened.close(),
  };
}

function findFiles({ cert, key }: TlsOptions['tls'], configured: TlsFiles | undefined): TlsFiles | undefined {
  if (cert === undefined && key === undefined) return configured;
  if (cert === undefined || key === undefined)
    throw new Failure('config_invalid', '--tls-cert and --tls-key belong together: a certificate and its private key');
  return { ...configured, certificate: cert, key };
}

function checkListensInside({ listen: { host }, allowInsecureListen }: TlsOptions): void {
  if (allowInsecureListen || isLoopbackHost(host)) return;
  throw new Failure(
    'config_invalid',
    `${host} can be reached from elsewhere, and tokens would cross the network as plain text: give a certificate (--tls-cert and --tls-key, or tls in the configuration), listen on 127.0.0.1 behind something that speaks TLS, or say --allow-insecure-listen if the way is guarded otherwise`,
  );
}
