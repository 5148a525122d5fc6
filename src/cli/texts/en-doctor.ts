import type { DoctorCheck, DoctorCheckName } from '../doctor-report.ts';

const STATES: Record<DoctorCheck['state'], string> = {
  ok: 'ok',
  warning: 'look',
  failed: 'FAILED',
  skipped: 'skipped',
};

/** What a person does about each check that is not well. */
const TODO: Record<DoctorCheckName, string> = {
  certificate:
    'put a good certificate and its key into the files that "tls" names; a running service takes them up by itself within seconds',
  dns: 'check the host in "url", and the DNS server of this machine',
  tcp: 'open the way to this host and port (firewall, proxy, VPC endpoint); ACR Enterprise lets the public in only from addresses on its access list',
  tls: 'use https in "url", name the certificate authority with "ca: file:PATH", or renew the certificate',
  congestion:
    'for long, lossy paths: modprobe tcp_bbr && sysctl -w net.ipv4.tcp_allowed_congestion_control="reno cubic bbr"',
  clock: 'set this machine’s clock (chrony, systemd-timesyncd): signatures of requests and tokens depend on it',
  credentials:
    'check "credentials" and what they name; for ECR the identity needs ecr:GetAuthorizationToken, for ACR cr:GetAuthorizationToken, or the fixed password of the console',
  create: 'allow ecr:CreateRepository, or create the repositories beforehand; in ACR the namespace must exist',
  push: 'allow pushing (ECR: ecr:InitiateLayerUpload, UploadLayerPart, CompleteLayerUpload, PutImage, BatchCheckLayerAvailability); in ACR create the namespace with automatic creation of repositories on',
  pull: 'allow pulling (ECR: ecr:BatchGetImage, ecr:GetDownloadUrlForLayer)',
  redirect:
    'open the way to the host that blobs come from (S3 for ECR, OSS for ACR); "internal: true" where it is a private one',
  limits: 'set limits.chunkBytes to what the registry takes; until then its own bounds are kept',
  cleanup: 'delete the repository entrepot-doctor there when it disturbs',
};

export const enDoctor = {
  columns: { check: 'CHECK', state: 'STATE', detail: 'DETAIL' },
  states: STATES,
  todo: TODO,
  reads: (config: string) =>
    `Looking from this machine, with its own secrets, at the registries of ${config}; a running service is not asked.`,
  asks: (url: string) => `The service at ${url} looks from where it runs, with its own secrets.`,
  service: 'the service itself',
  header: (registry: string, kind: string, url: string) => `${registry} (${kind}, ${url})`,
  advice: (check: string, advice: string) => `  → ${check}: ${advice}`,
  verdict: (ok: boolean, isThere: boolean) =>
    ok
      ? `Everything that a push and a pull need works from ${isThere ? 'there' : 'here'}.`
      : 'Something that a push or a pull needs fails.',
};
