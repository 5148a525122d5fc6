import type { DoctorCheck } from '../../cli/doctor-report.ts';
import type { Clock } from '../../kernel/clock.ts';
import { Failure } from '../../kernel/failure.ts';
import type { TlsFiles } from '../../regions/world.ts';
import { describeTlsTrouble, type LoadedTls, loadTls, readTlsMaterial } from '../tls/tls-material.ts';
import { CheckList } from './check-list.ts';

const DAY_MS = 86_400_000;
/** What ends sooner is worth a word. */
const SOON_DAYS = 14;

/** The files with which the service is to listen, as they are now; nothing where the configuration names none. */
export async function examineCertificate(files: TlsFiles | undefined, clock: Clock): Promise<readonly DoctorCheck[]> {
  if (files === undefined) return [];
  const list = new CheckList();
  await list.run('certificate', [], async () => {
    const { certificate, expiresAtMs } = load(files);
    const days = Math.floor((expiresAtMs - clock.nowMs()) / DAY_MS);
    if (days < 0) throw new Failure('tls_failed', `it ended on ${new Date(expiresAtMs).toISOString()}`);
    const detail = `${certificate.subjectAltName ?? 'no names'}, good for ${days} more days`;
    return days < SOON_DAYS ? { state: 'warning', detail } : detail;
  });
  return list.checks;
}

function load(files: TlsFiles): LoadedTls {
  try {
    return loadTls(readTlsMaterial(files));
  } catch (cause) {
    throw new Failure('config_invalid', describeTlsTrouble(cause, files), { cause });
  }
}
