import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './find-program.ts';

export const hasOpenssl = findProgram('openssl') !== undefined || process.env.ENTREPOT_REQUIRE_PEERS === '1';

export type Issued = { readonly cert: string; readonly key: string };

/** A certificate authority of a test, made with openssl. */
export class Authority {
  readonly path: string;
  readonly #folder: string;
  readonly #key: string;
  #serial = 0;

  constructor(folder: string, name = 'authority') {
    this.#folder = folder;
    this.path = join(folder, `${name}.pem`);
    this.#key = join(folder, `${name}.key`);
    openssl(['req', '-x509', ...NEW_KEY, this.#key, '-out', this.path, '-days', '30', '-subj', `/CN=${name}`]);
  }

  /** A certificate of it, as PEM texts; `subject` as in `/O=team/CN=app`. */
  issue(subject: string, names: string, days = 30): Issued {
    const base = join(this.#folder, `issued-${subject.replaceAll(/\W/g, '-')}-${++this.#serial}`);
    writeFileSync(`${base}.ext`, `subjectAltName=${names}\n`);
    openssl(['req', ...NEW_KEY, `${base}.key`, '-out', `${base}.csr`, '-subj', subject]);
    openssl([
      ...['x509', '-req', '-in', `${base}.csr`, '-CA', this.path, '-CAkey', this.#key, '-CAcreateserial'],
      ...['-days', String(days), '-extfile', `${base}.ext`, '-out', `${base}.pem`],
    ]);
    return { cert: readFileSync(`${base}.pem`, 'utf8'), key: readFileSync(`${base}.key`, 'utf8') };
  }

  /** Its list of certificates that are revoked: these, and those of earlier calls. */
  revoke(...revoked: readonly Issued[]): string {
    const base = join(this.#folder, 'revoked');
    if (!existsSync(`${base}.index`)) {
      writeFileSync(`${base}.index`, '');
      writeFileSync(`${base}.number`, '01\n');
      writeFileSync(`${base}.cnf`, `${REVOKING}database = ${base}.index\ncrlnumber = ${base}.number\n`);
    }
    const ca = ['ca', '-config', `${base}.cnf`, '-cert', this.path, '-keyfile', this.#key];
    for (const { cert } of revoked) {
      writeFileSync(`${base}.pem`, cert);
      openssl([...ca, '-revoke', `${base}.pem`]);
    }
    openssl([...ca, '-gencrl', '-out', `${base}.crl`]);
    return readFileSync(`${base}.crl`, 'utf8');
  }
}

const REVOKING = `[ca]
default_ca = here
[here]
default_md = sha256
default_crl_days = 30
`;

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout'];

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
